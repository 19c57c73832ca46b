{{/* The API. */}}
{{- define "charging-service.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "charging-service.fullname" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
  {{- with .Values.service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .Values.service.type }}
  selector:
    {{- include "charging-service.selector" . | nindent 4 }}
  ports:
    - name: http
      port: {{ int64 .Values.service.port }}
      targetPort: http
      appProtocol: http
{{- end -}}

{{/* A separate Service for metrics, so that exposing the API does not expose them. */}}
{{- define "charging-service.adminService" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "charging-service.fullname" . }}-admin
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
    charging-platform/port: admin
spec:
  clusterIP: None
  # Replicas that are not ready have metrics, too.
  publishNotReadyAddresses: true
  selector:
    {{- include "charging-service.selector" . | nindent 4 }}
  ports:
    - name: admin
      port: {{ include "charging-service.adminPort" . }}
      targetPort: admin
{{- end -}}
