{{/* All objects of a service. */}}
{{- define "charging-service.objects" -}}
{{- include "charging-service.check" . -}}
{{- $objects := list "config" "deployment" "adminService" -}}
{{- if .Values.serviceAccount.create }}{{ $objects = append $objects "account" }}{{ end -}}
{{- if include "charging-service.isHttp" . }}{{ $objects = append $objects "service" }}{{ end -}}
{{- if dig "enabled" false (.Values.ingress | default dict) }}{{ $objects = append $objects "ingress" }}{{ end -}}
{{- if dig "enabled" false (.Values.httpRoute | default dict) }}{{ $objects = append $objects "httpRoute" }}{{ end -}}
{{- if .Values.podDisruptionBudget.enabled }}{{ $objects = append $objects "disruptionBudget" }}{{ end -}}
{{- if eq .Values.scaling.mode "hpa" }}{{ $objects = append $objects "autoscaler" }}{{ end -}}
{{- if eq .Values.scaling.mode "keda" -}}
{{- $objects = append $objects "keda" -}}
{{- if eq .Values.scaling.keda.trigger "postgresql" }}{{ $objects = append $objects "kedaAuthentication" }}{{ end -}}
{{- end -}}
{{- if .Values.networkPolicy.enabled }}{{ $objects = append $objects "networkPolicy" }}{{ end -}}
{{- if .Values.migration.enabled -}}
{{- $objects = append $objects "migration" -}}
{{- if .Values.networkPolicy.enabled }}{{ $objects = append $objects "migrationNetworkPolicy" }}{{ end -}}
{{- end -}}
{{- if .Values.test.enabled -}}
{{- $objects = append $objects "test" -}}
{{- if .Values.networkPolicy.enabled }}{{ $objects = concat $objects (list "testNetworkPolicy" "testAdmission") }}{{ end -}}
{{- end -}}
{{- if dig "strimzi" "enabled" false (.Values.commandTopic | default dict) }}{{ $objects = append $objects "commandTopic" }}{{ end -}}
{{- if .Values.serviceMonitor.enabled }}{{ $objects = append $objects "serviceMonitor" }}{{ end -}}
{{- if and .Values.prometheusRule.enabled (include "charging-service.ruleGroups" . | fromJson).groups -}}
{{- $objects = append $objects "prometheusRule" -}}
{{- end -}}
{{- range $objects }}
---
{{ include (printf "charging-service.%s" .) $ }}
{{- end }}
{{- range .Values.extraObjects }}
---
{{ tpl (toYaml .) $ }}
{{- end }}
{{- if .Values.dashboards.enabled }}
{{- range .Values.dashboards.files }}
{{- range $path, $_ := $.Files.Glob (printf "dashboards/%s" .) }}
---
{{ include "charging-service.dashboard" (dict "root" $ "path" $path) }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "charging-service.notes" -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
{{ .Chart.Name }} {{ .Chart.AppVersion }} in {{ .Release.Namespace }}.
{{- if hasKey $settings "auth" }}
{{- if not $settings.auth.issuer }}

! settings.auth.issuer is empty: the service will refuse to start. Name your issuer, and its keys with settings.auth.jwks_url or
  files.auth.jwks_file.
{{- end }}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.ingress.namespaces) }}

! networkPolicy.ingress.namespaces is empty: no client can reach the API.
{{- end }}
{{- end }}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.ingress.metricsNamespaces) }}

! networkPolicy.ingress.metricsNamespaces is empty: no Prometheus can read the metrics.
{{- end }}

Watch it start:  kubectl -n {{ .Release.Namespace }} rollout status deployment/{{ include "charging-service.fullname" . }}
{{- if .Values.test.enabled }}
Test it:         helm -n {{ .Release.Namespace }} test {{ .Release.Name }}
{{- end }}
The manual is docs/deploy.md.
{{- end -}}
