{{/* Converts values to the settings of the service, whose defaults.toml is part of each chart. */}}

{{/* The effective settings as JSON: the service's defaults with .Values.settings over them. */}}
{{- define "charging-service.settings" -}}
{{- $defaults := .Files.Get "defaults.toml" | required "the chart has no defaults.toml" | fromToml -}}
{{- if hasKey $defaults "Error" }}{{ fail (printf "defaults.toml: %v" $defaults.Error) }}{{ end -}}
{{- mergeOverwrite $defaults (deepCopy .Values.settings) | toJson -}}
{{- end -}}

{{/* .Values.settings as TOML. Helm's numbers are floats, which the services refuse; all numbers are integers. */}}
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

{{/* The port of an address such as "0.0.0.0:8080"; other pods and the kubelet cannot reach loopback. { listen: …, key: … } */}}
{{- define "charging-service.port" -}}
{{- if regexMatch "^(127\\.|\\[::1\\])" .listen -}}
{{- fail (printf "settings.%s is %q: the pod cannot be reached on loopback; use 0.0.0.0" .key .listen) -}}
{{- end -}}
{{- $port := regexFind "[0-9]+$" .listen -}}
{{- if or (not $port) (eq $port "0") -}}
{{- fail (printf "settings.%s is %q: it must be an address and a port" .key .listen) -}}
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

{{/* The grace period: shutdown.delay_ms plus shutdown.grace_ms plus five seconds. It may be longer, but not shorter. */}}
{{- define "charging-service.terminationGracePeriod" -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
{{- $drain := add (int64 $settings.shutdown.delay_ms) (int64 $settings.shutdown.grace_ms) -}}
{{- $seconds := add 5 (div (add $drain 999) 1000) -}}
{{- $wanted := .Values.terminationGracePeriodSeconds -}}
{{- if $wanted -}}
{{- if le (mul 1000 (int64 $wanted)) $drain -}}
{{- fail (printf "terminationGracePeriodSeconds is %d, and draining may take %d ms (settings.shutdown): the pod would be killed at work, so increase terminationGracePeriodSeconds" (int64 $wanted) $drain) -}}
{{- end -}}
{{- int64 $wanted -}}
{{- else -}}
{{- $seconds -}}
{{- end -}}
{{- end -}}

{{/* Invalid or harmful values are refused before anything is changed. */}}
{{- define "charging-service.check" -}}
{{- $settings := include "charging-service.settings" . | fromJson -}}
{{- if not (dig "database" "url" "" .Values.secrets) -}}
{{- fail "secrets.database.url is missing: the name and key of a Secret with PostgreSQL's URL" -}}
{{- end -}}
{{- if and (eq $settings.database.sslmode "disable") (not $settings.database.allow_plaintext) -}}
{{- fail "settings.database.sslmode is disable: set it to verify-full with files.database.ca_file, or set settings.database.allow_plaintext" -}}
{{- end -}}
{{- if hasKey $settings "redis" -}}
{{- if not (dig "redis" "url" "" .Values.secrets) -}}
{{- fail "secrets.redis.url is missing: the name and key of a Secret with Redis's URL" -}}
{{- end -}}
{{- end -}}
{{- if hasKey $settings "kafka" -}}
{{- $mechanism := $settings.kafka.sasl_mechanism -}}
{{- $tokenFile := or $settings.kafka.sasl_token_file (dig "kafka" "sasl_token_file" "" .Values.files) -}}
{{- if and (eq $mechanism "OAUTHBEARER") (not $tokenFile) (not $settings.kafka.sasl_token_url) -}}
{{- fail "settings.kafka.sasl_mechanism is OAUTHBEARER, and both files.kafka.sasl_token_file and settings.kafka.sasl_token_url are missing" -}}
{{- end -}}
{{- if and $mechanism (not $tokenFile) (not (dig "kafka" "sasl_password" "" .Values.secrets)) -}}
{{- fail "settings.kafka.sasl_mechanism is set, and secrets.kafka.sasl_password is missing" -}}
{{- end -}}
{{- end -}}
{{- if hasKey $settings "auth" -}}
{{- if ne $settings.auth.mode "jwt" -}}
{{- fail "settings.auth.mode must be jwt: a service that listens beyond loopback requires authentication" -}}
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

{{/* A replica beyond the number of partitions has no work. */}}
{{- define "charging-service.checkPartitions" -}}
{{- if hasKey .scaling "partitions" -}}
{{- if gt (int64 .wanted) (int64 .scaling.partitions) -}}
{{- fail (printf "scaling.%s is %d, more than the %d partitions of the topic (scaling.partitions): the other replicas would have no work" .key (int64 .wanted) (int64 .scaling.partitions)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
