{{/* `helm test`: a pod asks whether the service is ready, and reads once. */}}
{{- define "charging-service.test" -}}
{{- $name := include "charging-service.fullname" . -}}
{{- $admin := printf "%s-admin:%s" $name (include "charging-service.adminPort" .) -}}
{{- $isHttp := include "charging-service.isHttp" . -}}
{{- $token := .Values.test.token -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ $name }}-test
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.test.selector" . | nindent 4 }}
    {{- include "charging-service.commonLabels" . | nindent 4 }}
  annotations:
    {{- include "charging-service.hook" (dict "events" "test" "weight" "0") | nindent 4 }}
spec:
  restartPolicy: Never
  activeDeadlineSeconds: 600
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with include "charging-service.placement" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  containers:
    - name: test
      image: {{ include "charging-service.image" (dict "image" .Values.test.image "chart" .Chart) }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      {{- include "charging-service.containerSecurity" . | nindent 6 }}
      env:
        - name: READY
          value: {{ $admin }}/readyz
        - name: READ
          {{- if $isHttp }}
          value: {{ printf "%s:%d%s" $name (int64 .Values.service.port) .Values.test.path }}
          {{- else }}
          value: {{ $admin }}/metrics
          {{- end }}
        - name: READ_STATUS
          value: {{ ternary (ternary .Values.test.status 401 (not (empty $token))) 200 (not (empty $isHttp)) | toString | quote }}
      command: [sh, -euc]
      args:
        - |
          # Expects a status from an address. Asks again for a while, because network policies may take effect late.
          expect() {
            wanted=$1 left=60
            shift
            while :; do
              status=$(curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' "$@") || true
              [ "$status" != "$wanted" ] || return 0
              left=$((left - 1))
              [ "$left" -gt 0 ] || { echo "status $status instead of $wanted" >&2; exit 1; }
              sleep 2
            done
          }
          echo "$READY" && expect 200 "http://$READY"
          {{- if $token }}
          set -- --oauth2-bearer "$(cat /etc/charging/test/token)"
          {{- end }}
          echo "$READ" && expect "$READ_STATUS" "$@" "http://$READ"
      resources:
        {{- toYaml .Values.test.resources | nindent 8 }}
      volumeMounts:
        {{- if $token }}
        - name: token
          mountPath: /etc/charging/test
          readOnly: true
        {{- else }} []
        {{- end }}
  volumes:
    {{- with $token }}
    - name: token
      projected:
        defaultMode: 0440
        sources:
          - secret:
              name: {{ .name }}
              items:
                - key: {{ .key }}
                  path: token
    {{- else }} []
    {{- end }}
{{- end -}}

{{- define "charging-service.testNetworkPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "charging-service.fullname" . }}-test
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.test.selector" . | nindent 4 }}
    {{- include "charging-service.commonLabels" . | nindent 4 }}
  annotations:
    {{- include "charging-service.hook" (dict "events" "test" "weight" "-5") | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "charging-service.test.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress: []
  egress:
    {{- include "charging-service.dnsRule" . | nindent 4 }}
    - to:
        - podSelector:
            matchLabels:
              {{- include "charging-service.selector" . | nindent 14 }}
      ports: {{- include "charging-service.servedPorts" . | nindent 8 }}
{{- end -}}

{{/* While the test runs, its pod may call the service. */}}
{{- define "charging-service.testAdmission" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "charging-service.fullname" . }}-test-admission
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.test.selector" . | nindent 4 }}
    {{- include "charging-service.commonLabels" . | nindent 4 }}
  annotations:
    {{- include "charging-service.hook" (dict "events" "test" "weight" "-5") | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "charging-service.selector" . | nindent 6 }}
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector:
            matchLabels:
              {{- include "charging-service.test.selector" . | nindent 14 }}
      ports: {{- include "charging-service.servedPorts" . | nindent 8 }}
{{- end -}}

{{- define "charging-service.servedPorts" -}}
- { protocol: TCP, port: admin }
{{- if include "charging-service.isHttp" . }}
- { protocol: TCP, port: http }
{{- end }}
{{- end -}}
