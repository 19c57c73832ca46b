{{/* Only the traffic named here is allowed in or out. */}}
{{- define "charging-service.networkPolicy" -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
{{- $policy := .Values.networkPolicy -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "charging-service.fullname" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "charging-service.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  # The kubelet's probes come from the pod's own node, which is always allowed.
  ingress:
    {{- $rules := list }}
    {{- if and (include "charging-service.isHttp" .) $policy.ingress.namespaces }}
    {{- $rules = append $rules (include "charging-service.ingressRule" (dict "namespaces" $policy.ingress.namespaces "port" "http")) }}
    {{- end }}
    {{- with $policy.ingress.metricsNamespaces }}
    {{- $rules = append $rules (include "charging-service.ingressRule" (dict "namespaces" . "port" "admin")) }}
    {{- end }}
    {{- range $rules }}
    {{- . | nindent 4 }}
    {{- else }} []
    {{- end }}
  egress:
    {{- include "charging-service.dnsRule" . | nindent 4 }}
    {{- include "charging-service.egressRule" $policy.egress.postgresql | nindent 4 }}
    {{- if hasKey $settings "redis" }}
    {{- include "charging-service.egressRule" $policy.egress.redis | nindent 4 }}
    {{- end }}
    {{- if hasKey $settings "kafka" }}
    {{- include "charging-service.egressRule" $policy.egress.kafka | nindent 4 }}
    {{- end }}
    {{- if dig "auth" "jwks_url" "" $settings }}
    {{- include "charging-service.egressRule" $policy.egress.issuer | nindent 4 }}
    {{- end }}
    {{- if $policy.egress.telemetry.ports }}
    {{- include "charging-service.egressRule" $policy.egress.telemetry | nindent 4 }}
    {{- end }}
    {{- with $policy.egress.extra }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "charging-service.ingressRule" -}}
- from:
    {{- range .namespaces }}
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ . }}
    {{- end }}
  ports:
    - { protocol: TCP, port: {{ .port }} }
{{- end -}}

{{/* Traffic to some peers, or to all addresses, on these ports. */}}
{{- define "charging-service.egressRule" -}}
- ports:
    {{- range .ports }}
    - { protocol: TCP, port: {{ int64 . }} }
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "charging-service.dnsRule" -}}
- ports:
    {{- range .Values.networkPolicy.egress.dns.ports }}
    - { protocol: UDP, port: {{ int64 . }} }
    - { protocol: TCP, port: {{ int64 . }} }
    {{- end }}
  {{- with .Values.networkPolicy.egress.dns.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
