{{/* The topic that gateways read commands from, with what the service expects of it. */}}
{{- define "charging-service.commandTopic" -}}
{{- $dispatch := (include "charging-service.settings" . | fromJson).dispatch -}}
{{- $retention := int64 $dispatch.command_retention_s -}}
{{- with .Values.commandTopic.strimzi -}}
apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata:
  name: {{ $dispatch.topic }}
  # Where the Kafka object is: its operator looks nowhere else.
  namespace: {{ .namespace | default $.Release.Namespace }}
  labels:
    {{- include "charging-service.labels" $ | nindent 4 }}
    strimzi.io/cluster: {{ .cluster | required "commandTopic.strimzi.cluster is missing: the name of the Kafka object" }}
  annotations:
    # Gateways go on reading it when the release is uninstalled.
    helm.sh/resource-policy: keep
spec:
  partitions: {{ int64 $dispatch.partitions }}
  replicas: {{ int64 .replicas }}
  config:
    min.insync.replicas: {{ int64 .minInsyncReplicas }}
    # A gateway that starts again may carry out what is still there. Kafka deletes whole segments, a segment by its newest record.
    retention.ms: {{ mul 1000 $retention }}
    segment.ms: {{ mul 500 $retention }}
{{- end -}}
{{- end -}}
