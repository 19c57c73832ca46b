{{/* The topic from which gateways read commands, as the service expects it. */}}
{{- define "charging-service.commandTopic" -}}
{{- $dispatch := (include "charging-service.settings" . | fromJson).dispatch -}}
{{- $retention := int64 $dispatch.command_retention_s -}}
{{- with .Values.commandTopic.strimzi -}}
apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata:
  name: {{ $dispatch.topic }}
  # The namespace of the Kafka object; its operator watches only that.
  namespace: {{ .namespace | default $.Release.Namespace }}
  labels:
    {{- include "charging-service.labels" $ | nindent 4 }}
    strimzi.io/cluster: {{ .cluster | required "commandTopic.strimzi.cluster is missing: the name of the Kafka object" }}
  annotations:
    # Gateways continue to read it after the release is uninstalled.
    helm.sh/resource-policy: keep
spec:
  partitions: {{ int64 $dispatch.partitions }}
  replicas: {{ int64 .replicas }}
  config:
    min.insync.replicas: {{ int64 .minInsyncReplicas }}
    # A restarted gateway may execute commands that are still there. Kafka deletes whole segments by their newest record.
    retention.ms: {{ mul 1000 $retention }}
    segment.ms: {{ mul 500 $retention }}
{{- end -}}
{{- end -}}
