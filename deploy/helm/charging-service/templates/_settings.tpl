{{/* From values to the settings of the service; its defaults.toml is a file of each chart. */}}

{{/* All settings as they will count, as JSON: the service's own defaults and .Values.settings over them. */}}
{{- define "charging-service.settings" -}}
{{- $defaults := .Files.Get "defaults.toml" | required "the chart has no defaults.toml" | fromToml -}}
{{- if hasKey $defaults "Error" }}{{ fail (printf "defaults.toml: %v" $defaults.Error) }}{{ end -}}
{{- mergeOverwrite $defaults (deepCopy .Values.settings) | toJson -}}
{{- end -}}

{{/* .Values.settings as TOML. Numbers come as floats, which a service refuses, and all of its numbers are whole. */}}
{{- define "charging-service.toml" -}}
{{- range $section, $keys := .Values.settings }}
{{- if $keys }}
[{{ $section }}]
{{- range $key, $value := $keys }}
{{- if or (kindIs "float64" $value) (kindIs "int64" $value) (kindIs "int" $value) }}
{{ $key }} = {{ int64 $value }}
{{- else }}
{{ $key }} = {{ toJson $value }}
{{- end }}
{{- end }}
{{ end }}
{{- end }}
{{- end -}}

{{/* The port of an address as "0.0.0.0:8080"; the kubelet and other pods do not come over loopback. { listen: …, key: … } */}}
{{- define "charging-service.port" -}}
{{- if regexMatch "^(127\\.|\\[::1\\])" .listen -}}
{{- fail (printf "settings.%s is %q: on loopback nobody reaches the pod" .key .listen) -}}
{{- end -}}
{{- $port := regexFind "[0-9]+$" .listen -}}
{{- if or (not $port) (eq $port "0") -}}
{{- fail (printf "settings.%s is %q: it needs an address and a port" .key .listen) -}}
{{- end -}}
{{- $port -}}
{{- end -}}

{{- define "charging-service.adminPort" -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
{{- include "charging-service.port" (dict "listen" $settings.admin.listen "key" "admin.listen") -}}
{{- end -}}

{{- define "charging-service.httpPort" -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
{{- include "charging-service.port" (dict "listen" $settings.http.listen "key" "http.listen") -}}
{{- end -}}

{{/* The time to stop in: shutdown.delay_ms and shutdown.grace_ms, and five seconds to be gone. More may be asked for, less not. */}}
{{- define "charging-service.terminationGracePeriod" -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
{{- $drain := add (int64 $settings.shutdown.delay_ms) (int64 $settings.shutdown.grace_ms) -}}
{{- $seconds := add 5 (div (add $drain 999) 1000) -}}
{{- $wanted := .Values.terminationGracePeriodSeconds -}}
{{- if $wanted -}}
{{- if le (mul 1000 (int64 $wanted)) $drain -}}
{{- fail (printf "terminationGracePeriodSeconds is %d, and draining may take %d ms (settings.shutdown): the pod would be killed at work" (int64 $wanted) $drain) -}}
{{- end -}}
{{- int64 $wanted -}}
{{- else -}}
{{- $seconds -}}
{{- end -}}
{{- end -}}

{{/* What the service would refuse, or what would hurt, is refused before anything is changed. */}}
{{- define "charging-service.check" -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
{{- if not (dig "database" "url" "" .Values.secrets) -}}
{{- fail "secrets.database.url is missing: the name and key of a Secret with PostgreSQL's URL" -}}
{{- end -}}
{{- if hasKey $settings "redis" -}}
{{- if not (dig "redis" "url" "" .Values.secrets) -}}
{{- fail "secrets.redis.url is missing: the name and key of a Secret with Redis's URL" -}}
{{- end -}}
{{- end -}}
{{- if hasKey $settings "kafka" -}}
{{- if and $settings.kafka.sasl_mechanism (not (dig "kafka" "sasl_password" "" .Values.secrets)) -}}
{{- fail "settings.kafka.sasl_mechanism is set, and secrets.kafka.sasl_password is missing" -}}
{{- end -}}
{{- end -}}
{{- if hasKey $settings "auth" -}}
{{- if ne $settings.auth.mode "jwt" -}}
{{- fail "settings.auth.mode must be jwt: a service that listens beyond loopback refuses to let everyone in" -}}
{{- end -}}
{{- if and $settings.auth.jwks_url (or $settings.auth.jwks_file (dig "auth" "jwks_file" "" .Values.files)) -}}
{{- fail "settings.auth.jwks_url and a jwks_file are both set: the service takes one of them" -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.scaling.mode "fixed" -}}
{{- include "charging-service.checkPartitions" (dict "scaling" .Values.scaling "wanted" .Values.scaling.replicas "key" "replicas") -}}
{{- else -}}
{{- if gt (int64 .Values.scaling.min) (int64 .Values.scaling.max) -}}
{{- fail (printf "scaling.min is %d, more than scaling.max, %d" (int64 .Values.scaling.min) (int64 .Values.scaling.max)) -}}
{{- end -}}
{{- include "charging-service.checkPartitions" (dict "scaling" .Values.scaling "wanted" .Values.scaling.max "key" "max") -}}
{{- end -}}
{{- end -}}

{{/* A replica beyond the partitions has nothing to do. */}}
{{- define "charging-service.checkPartitions" -}}
{{- if hasKey .scaling "partitions" -}}
{{- if gt (int64 .wanted) (int64 .scaling.partitions) -}}
{{- fail (printf "scaling.%s is %d, more than the %d partitions of the topic (scaling.partitions): the others would have nothing to do" .key (int64 .wanted) (int64 .scaling.partitions)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
