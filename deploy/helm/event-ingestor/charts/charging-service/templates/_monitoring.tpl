{{- define "charging-service.serviceMonitor" -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "charging-service.fullname" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
    {{- with .Values.serviceMonitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  # So that `job` is the service's name, not that of its admin Service.
  jobLabel: app.kubernetes.io/name
  selector:
    matchLabels:
      {{- include "charging-service.selector" . | nindent 6 }}
      charging-platform/port: admin
  endpoints:
    - port: admin
      path: /metrics
      interval: {{ .Values.serviceMonitor.interval }}
      scrapeTimeout: {{ .Values.serviceMonitor.scrapeTimeout }}
{{- end -}}

{{/* The rule groups of this chart, from all rule files that it contains, as JSON. */}}
{{- define "charging-service.ruleGroups" -}}
{{- $groups := list -}}
{{- range $path, $_ := .Files.Glob "alerts/*.rules.yaml" -}}
{{- $rules := $.Files.Get $path | fromYaml -}}
{{- if hasKey $rules "Error" }}{{ fail (printf "%s: %v" $path $rules.Error) }}{{ end -}}
{{- range $rules.groups -}}
{{- if has .name $.Values.prometheusRule.groups }}{{ $groups = append $groups . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- dict "groups" $groups | toJson -}}
{{- end -}}

{{- define "charging-service.prometheusRule" -}}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {{ include "charging-service.fullname" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
    {{- with .Values.prometheusRule.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  groups:
    {{- toYaml (include "charging-service.ruleGroups" . | fromJson).groups | nindent 4 }}
{{- end -}}

{{/* One ConfigMap for each dashboard of the chart, for Grafana's sidecar: { root: …, path: … } */}}
{{- define "charging-service.dashboard" -}}
{{- $root := .root -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "charging-service.fullname" $root }}-dashboard-{{ include "charging-service.fileName" .path }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "charging-service.labels" $root | nindent 4 }}
    {{- toYaml $root.Values.dashboards.labels | nindent 4 }}
  {{- with $root.Values.dashboards.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
data:
  {{ base .path }}: |-
    {{- $root.Files.Get .path | nindent 4 }}
{{- end -}}

{{- define "charging-service.fileName" -}}
{{- base . | trimSuffix (ext .) | lower | replace "_" "-" -}}
{{- end -}}
