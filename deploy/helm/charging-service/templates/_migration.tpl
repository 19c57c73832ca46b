{{/*
Migrates the schema before the first pod of a release starts. Every chart can do it, so that the first
one to be upgraded does; the program takes an advisory lock, and later runs change nothing. Hooks run
before other objects of the chart exist: so the Job uses none of them, and its NetworkPolicy is a
hook, too.
*/}}
{{- define "charging-service.migration" -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
{{- /* The owner of the tables may have another client certificate than the service. */ -}}
{{- $files := .Values.migration.files | default (dig "database" dict .Values.files) -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "charging-service.fullname" . }}-migrate
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.migration.selector" . | nindent 4 }}
    {{- include "charging-service.commonLabels" . | nindent 4 }}
  annotations:
    {{- include "charging-service.hook" (dict "events" "pre-install,pre-upgrade" "weight" "0") | nindent 4 }}
spec:
  backoffLimit: {{ int64 .Values.migration.backoffLimit }}
  activeDeadlineSeconds: {{ int64 .Values.migration.activeDeadlineSeconds }}
  template:
    metadata:
      labels:
        {{- include "charging-service.migration.selector" . | nindent 8 }}
        {{- include "charging-service.commonLabels" . | nindent 8 }}
        {{- with .Values.migration.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .Values.migration.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      restartPolicy: Never
      # The chart's own service account does not exist yet. No token is mounted.
      serviceAccountName: {{ .Values.migration.serviceAccountName }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- with include "charging-service.placement" . | trim }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- with .Values.migration.extraInitContainers }}
      initContainers:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: migrate
          image: {{ include "charging-service.image" (dict "image" .Values.migration.image "chart" .Chart) }}
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          args: [migrate]
          {{- include "charging-service.containerSecurity" . | nindent 10 }}
          env:
            - name: CHARGING__DATABASE__URL_FILE
              value: /etc/charging/secrets/database.url
            {{- range $key := list "sslmode" "channel_binding" "allow_plaintext" }}
            {{- with get $settings.database $key }}
            - name: CHARGING__DATABASE__{{ upper $key }}
              value: {{ . | toString | quote }}
            {{- end }}
            {{- end }}
            {{- range $key, $source := $files }}
            - name: CHARGING__DATABASE__{{ upper $key }}
              value: /etc/charging/files/database.{{ $key }}
            {{- end }}
            {{- with .Values.migration.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          resources:
            {{- toYaml .Values.migration.resources | nindent 12 }}
          volumeMounts:
            - name: secrets
              mountPath: /etc/charging/secrets
              readOnly: true
            {{- if $files }}
            - name: files
              mountPath: /etc/charging/files
              readOnly: true
            {{- end }}
            {{- with .Values.migration.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        - name: secrets
          projected:
            defaultMode: 0440
            sources:
              {{- $reference := .Values.migration.secret | default .Values.secrets.database.url }}
              - secret:
                  name: {{ $reference.name }}
                  items:
                    - key: {{ $reference.key }}
                      path: database.url
        {{- with .Values.migration.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- if $files }}
        - name: files
          projected:
            defaultMode: 0440
            sources:
              {{- range $key, $source := $files }}
              {{- range $kind, $place := $source }}
              - {{ $kind }}:
                  name: {{ $place.name }}
                  items:
                    - key: {{ $place.key }}
                      path: database.{{ $key }}
              {{- end }}
              {{- end }}
        {{- end }}
{{- end -}}

{{- define "charging-service.migrationNetworkPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "charging-service.fullname" . }}-migrate
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.migration.selector" . | nindent 4 }}
    {{- include "charging-service.commonLabels" . | nindent 4 }}
  annotations:
    {{- include "charging-service.hook" (dict "events" "pre-install,pre-upgrade" "weight" "-5") | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "charging-service.migration.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress: []
  egress:
    {{- include "charging-service.dnsRule" . | nindent 4 }}
    {{- include "charging-service.egressRule" .Values.networkPolicy.egress.postgresql | nindent 4 }}
{{- end -}}
