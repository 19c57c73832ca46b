{{/* Names and labels. */}}

{{- define "charging-service.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* A release is usually named like the chart; then the name is not repeated. Room is left for suffixes. */}}
{{- define "charging-service.fullname" -}}
{{- $name := include "charging-service.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $full | trunc 48 | trimSuffix "-" -}}
{{- end -}}

{{/* The selector of the serving pods. The migration's pods have another component and receive no traffic. */}}
{{- define "charging-service.selector" -}}
app.kubernetes.io/name: {{ include "charging-service.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: service
{{- end -}}

{{- define "charging-service.migration.selector" -}}
app.kubernetes.io/name: {{ include "charging-service.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: migration
{{- end -}}

{{- define "charging-service.test.selector" -}}
app.kubernetes.io/name: {{ include "charging-service.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: test
{{- end -}}

{{- define "charging-service.commonLabels" -}}
app.kubernetes.io/part-of: charging-platform
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "charging-service.labels" -}}
{{ include "charging-service.selector" . }}
{{ include "charging-service.commonLabels" . }}
{{- end -}}

{{/* A hook. It is removed when it succeeded; a failed one keeps its logs until the next attempt: { events: …, weight: … } */}}
{{- define "charging-service.hook" -}}
helm.sh/hook: {{ .events }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- define "charging-service.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "charging-service.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* An image, by its digest if that is set: { image: …, chart: .Chart } */}}
{{- define "charging-service.image" -}}
{{- $image := .image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository ($image.tag | default .chart.AppVersion) -}}
{{- end -}}
{{- end -}}
