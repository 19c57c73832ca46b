{{- define "charging-service.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "charging-service.fullname" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .Values.podDisruptionBudget.maxUnavailable }}
  # A pod that does not become ready must not block the draining of its node.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "charging-service.selector" . | nindent 6 }}
{{- end -}}

{{- define "charging-service.autoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "charging-service.fullname" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "charging-service.fullname" . }}
  minReplicas: {{ int64 .Values.scaling.min }}
  maxReplicas: {{ int64 .Values.scaling.max }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ int64 .Values.scaling.cpuPercent }}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 300
      policies:
        - type: Pods
          value: 1
          periodSeconds: 60
{{- end -}}

{{/* Offsets are in PostgreSQL, so a scaler that reads Kafka's consumer groups sees nothing. */}}
{{- define "charging-service.keda" -}}
{{- $keda := .Values.scaling.keda -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "charging-service.fullname" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    name: {{ include "charging-service.fullname" . }}
  minReplicaCount: {{ int64 .Values.scaling.min }}
  maxReplicaCount: {{ int64 .Values.scaling.max }}
  pollingInterval: {{ int64 $keda.pollingIntervalSeconds }}
  # Each change of the number of replicas moves partitions: scale up soon, down slowly.
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleDown:
          stabilizationWindowSeconds: 600
          policies:
            - type: Pods
              value: 1
              periodSeconds: 120
  # Without metrics the number of replicas is kept, or raised to this one.
  fallback:
    failureThreshold: 5
    replicas: {{ int64 .Values.scaling.min }}
    behavior: currentReplicasIfHigher
  triggers:
    {{- if eq $keda.trigger "prometheus" }}
    - type: prometheus
      metadata:
        serverAddress: {{ $keda.prometheus.serverAddress | required "scaling.keda.prometheus.serverAddress is missing" | quote }}
        query: {{ $keda.prometheus.query | default (printf "sum(max by (partition) ({__name__=~\"ingest_partition_lag(_records)?\", namespace=%q}))" .Release.Namespace) | quote }}
        threshold: {{ int64 $keda.prometheus.recordsPerReplica | quote }}
    {{- else }}
    - type: postgresql
      metadata:
        # The lag, in seconds, of the partition that is furthest behind.
        query: >-
          select coalesce(max(extract(epoch from clock_timestamp() - caught_up_at)), 0)
          from ingest_partitions where topic = '{{ $settings.ingest.topic | replace "'" "''" }}'
        targetQueryValue: {{ int64 $keda.postgresql.secondsPerReplica | quote }}
      authenticationRef:
        name: {{ include "charging-service.fullname" . }}
    {{- end }}
{{- end -}}

{{- define "charging-service.kedaAuthentication" -}}
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  name: {{ include "charging-service.fullname" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "charging-service.labels" . | nindent 4 }}
spec:
  secretTargetRef:
    {{- $reference := .Values.scaling.keda.postgresql.secret | default .Values.secrets.database.url }}
    - parameter: connection
      name: {{ $reference.name }}
      key: {{ $reference.key }}
{{- end -}}
