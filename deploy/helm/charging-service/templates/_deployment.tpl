{{- define "charging-service.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "charging-service.fullname" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
    {{- with .Values.deploymentLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.deploymentAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- if eq .Values.scaling.mode "fixed" }}
  replicas: {{ int64 .Values.scaling.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    {{- toYaml .Values.strategy | nindent 4 }}
  selector:
    matchLabels:
      {{- include "charging-service.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "charging-service.labels" . | nindent 8 }}
        {{- with .Values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        # Settings are read only when the service starts.
        checksum/settings: {{ include "charging-service.toml" . | sha256sum }}
        {{- with .Values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "charging-service.serviceAccount" . }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ include "charging-service.terminationGracePeriod" . }}
      {{- with include "charging-service.placement" . | trim }}
      {{- . | nindent 6 }}
      {{- end }}
      topologySpreadConstraints:
        {{- range $key, $when := dict "topology.kubernetes.io/zone" .Values.topologySpread.zone "kubernetes.io/hostname" .Values.topologySpread.node }}
        - topologyKey: {{ $key }}
          maxSkew: 1
          whenUnsatisfiable: {{ $when }}
          labelSelector:
            matchLabels:
              {{- include "charging-service.selector" $ | nindent 14 }}
          # During a rollout the new pods are spread among themselves.
          matchLabelKeys: [pod-template-hash]
        {{- end }}
      {{- with .Values.extraInitContainers }}
      initContainers:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ include "charging-service.name" . }}
          image: {{ include "charging-service.image" (dict "image" .Values.image "chart" .Chart) }}
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          {{- include "charging-service.containerSecurity" . | nindent 10 }}
          env:
            {{- include "charging-service.environment" . | nindent 12 }}
          ports:
            {{- if include "charging-service.isHttp" . }}
            - name: http
              containerPort: {{ include "charging-service.httpPort" . }}
            {{- end }}
            - name: admin
              containerPort: {{ include "charging-service.adminPort" . }}
          # While the service waits for PostgreSQL, /readyz reports that; it is alive meanwhile.
          startupProbe:
            httpGet: { path: /livez, port: admin }
            {{- toYaml .Values.probes.startup | nindent 12 }}
          livenessProbe:
            httpGet: { path: /livez, port: admin }
            {{- toYaml .Values.probes.liveness | nindent 12 }}
          readinessProbe:
            httpGet: { path: /readyz, port: admin }
            {{- toYaml .Values.probes.readiness | nindent 12 }}
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
          volumeMounts:
            {{- include "charging-service.mounts" . | nindent 12 }}
        {{- with .Values.extraContainers }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      volumes:
        {{- include "charging-service.volumes" . | nindent 8 }}
{{- end -}}

{{/* Not empty for a service with an HTTP API. */}}
{{- define "charging-service.isHttp" -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
{{- if hasKey $settings "http" }}yes{{ end -}}
{{- end -}}
