{{/* What makes the API reachable from outside the cluster. */}}

{{- define "charging-service.ingress" -}}
{{- $values := .Values.ingress -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "charging-service.fullname" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
    {{- with $values.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with merge (deepCopy $values.annotations) (include "charging-service.controllerAnnotations" . | fromYaml) }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with $values.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with $values.tls }}
  tls:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    {{- range $values.hosts }}
    - host: {{ . }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ include "charging-service.fullname" $ }}
                port: { name: http }
    {{- else }}
    {{- fail "ingress.hosts is empty: name the hosts of the API" }}
    {{- end }}
{{- end -}}

{{/*
A controller's annotations: no shorter time limit than the service's own, no smaller bodies, and no
buffers, in which the feed's changes would wait.
*/}}
{{- define "charging-service.controllerAnnotations" -}}
{{- $seconds := include "charging-service.longestAnswer" . -}}
{{- $bytes := include "charging-service.largestBody" . -}}
{{- if eq .Values.ingress.controller "ingress-nginx" -}}
nginx.ingress.kubernetes.io/proxy-read-timeout: {{ $seconds | quote }}
nginx.ingress.kubernetes.io/proxy-send-timeout: {{ $seconds | quote }}
nginx.ingress.kubernetes.io/proxy-body-size: {{ $bytes | quote }}
nginx.ingress.kubernetes.io/proxy-buffering: "off"
nginx.ingress.kubernetes.io/proxy-request-buffering: "off"
{{- else if eq .Values.ingress.controller "nginx" -}}
nginx.org/proxy-read-timeout: {{ $seconds }}s
nginx.org/proxy-send-timeout: {{ $seconds }}s
nginx.org/client-max-body-size: {{ $bytes | quote }}
nginx.org/proxy-buffering: "False"
{{- else if eq .Values.ingress.controller "haproxy" -}}
haproxy.org/timeout-server: {{ $seconds }}s
{{- else if eq .Values.ingress.controller "openshift" -}}
haproxy.router.openshift.io/timeout: {{ $seconds }}s
{{- else if eq .Values.ingress.controller "alb" -}}
alb.ingress.kubernetes.io/load-balancer-attributes: idle_timeout.timeout_seconds={{ $seconds }}
{{- end -}}
{{- end -}}

{{- define "charging-service.httpRoute" -}}
{{- $values := .Values.httpRoute -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ include "charging-service.fullname" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
    {{- with $values.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $values.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  parentRefs:
    {{- range $values.parentRefs }}
    - {{ toJson . }}
    {{- else }}
    {{- fail "httpRoute.parentRefs is empty: name a gateway" }}
    {{- end }}
  {{- with $values.hostnames }}
  hostnames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    {{- if hasKey $settings "feed" }}
    # A stream has no end.
    {{- include "charging-service.httpRule" (dict "root" . "type" "Exact" "path" "/api/v1/feed" "limit" "0s") | nindent 4 }}
    {{- end }}
    {{- $limit := printf "%ss" (include "charging-service.longestAnswer" .) }}
    {{- include "charging-service.httpRule" (dict "root" . "type" "PathPrefix" "path" "/" "limit" $limit) | nindent 4 }}
{{- end -}}

{{/* A rule of an HTTPRoute: { root: …, type: …, path: …, limit: … } */}}
{{- define "charging-service.httpRule" -}}
- matches:
    - path: { type: {{ .type }}, value: {{ .path }} }
  {{- if .root.Values.httpRoute.timeouts }}
  timeouts: { request: {{ .limit }} }
  {{- end }}
  backendRefs:
    - name: {{ include "charging-service.fullname" .root }}
      port: {{ int64 .root.Values.service.port }}
{{- end -}}

{{/* The time in which the service has answered any request, or sent something to a stream, in seconds, plus ten. */}}
{{- define "charging-service.longestAnswer" -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
{{- $longest := int64 $settings.http.request_deadline_ms -}}
{{- with $settings.feed }}{{ $longest = max $longest (int64 .keep_alive_ms) }}{{ end -}}
{{- with $settings.export }}{{ $longest = max $longest (int64 .timeout_ms) }}{{ end -}}
{{- with $settings.import }}{{ $longest = max $longest (add (int64 .receive_timeout_ms) (mul 2 (int64 .work_timeout_ms))) }}{{ end -}}
{{- add 10 (div (add $longest 999) 1000) -}}
{{- end -}}

{{/* The largest body that the service accepts, in bytes. */}}
{{- define "charging-service.largestBody" -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
{{- max (int64 $settings.http.max_body_bytes) (int64 (dig "import" "max_body_bytes" 0 $settings)) -}}
{{- end -}}
