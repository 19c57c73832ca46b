{{- define "charging-service.config" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "charging-service.fullname" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
data:
  settings.toml: |
    {{- include "charging-service.toml" . | trim | nindent 4 }}
{{- end -}}

{{- define "charging-service.account" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "charging-service.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
  {{- with .Values.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}
