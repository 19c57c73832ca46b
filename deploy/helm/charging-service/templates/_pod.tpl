{{/* The parts that the pods of the service and of the migration share. */}}

{{/* Where a pod may run, as whom, and the source of its image. */}}
{{- define "charging-service.placement" -}}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "charging-service.containerSecurity" -}}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The environment: the settings file, and a variable with the mount path of each secret and file. */}}
{{- define "charging-service.environment" -}}
- name: CHARGING_CONFIG
  value: /etc/charging/settings/settings.toml
{{- range $section, $keys := .Values.secrets }}
{{- range $key, $reference := $keys }}
- name: CHARGING__{{ upper $section }}__{{ upper $key }}_FILE
  value: /etc/charging/secrets/{{ $section }}.{{ $key }}
{{- end }}
{{- end }}
{{- range $section, $keys := .Values.files }}
{{- range $key, $source := $keys }}
- name: CHARGING__{{ upper $section }}__{{ upper $key }}
  value: /etc/charging/files/{{ $section }}.{{ $key }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Secrets and files as projected volumes, each named after its setting. */}}
{{- define "charging-service.volumes" -}}
- name: settings
  configMap:
    name: {{ include "charging-service.fullname" . }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range $section, $keys := .Values.secrets }}
      {{- range $key, $reference := $keys }}
      - secret:
          name: {{ $reference.name }}
          items:
            - key: {{ $reference.key }}
              path: {{ $section }}.{{ $key }}
      {{- end }}
      {{- end }}
{{- if .Values.files }}
- name: files
  projected:
    defaultMode: 0440
    sources:
      {{- range $section, $keys := .Values.files }}
      {{- range $key, $source := $keys }}
      {{- range $kind, $reference := $source }}
      - {{ $kind }}:
          name: {{ $reference.name }}
          items:
            - key: {{ $reference.key }}
              path: {{ $section }}.{{ $key }}
      {{- end }}
      {{- end }}
      {{- end }}
{{- end }}
{{- with .Values.sessionArchiveClaim }}
- name: session-archive
  persistentVolumeClaim:
    claimName: {{ . }}
{{- end }}
{{- if include "charging-service.spool" . }}
- name: spool
  emptyDir:
    sizeLimit: {{ include "charging-service.spool" . }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "charging-service.mounts" -}}
- name: settings
  mountPath: /etc/charging/settings
  readOnly: true
- name: secrets
  mountPath: /etc/charging/secrets
  readOnly: true
{{- if .Values.files }}
- name: files
  mountPath: /etc/charging/files
  readOnly: true
{{- end }}
{{- if .Values.sessionArchiveClaim }}
{{- $settings := include "charging-service.settings" . | fromJson }}
- name: session-archive
  mountPath: {{ required "sessionArchiveClaim needs settings.retention.session_archive_directory, where it is mounted" $settings.retention.session_archive_directory }}
{{- end }}
{{- if include "charging-service.spool" . }}
- name: spool
  mountPath: /tmp
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The size for the files of all concurrent imports plus a quarter; empty for a service without imports. */}}
{{- define "charging-service.spool" -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
{{- if hasKey $settings "import" -}}
{{- $bytes := mul (int64 (get $settings.import "max_body_bytes")) (int64 (get $settings.import "max_concurrent")) -}}
{{- printf "%dMi" (add 1 (div (div (mul $bytes 5) 4) 1048576)) -}}
{{- end -}}
{{- end -}}
