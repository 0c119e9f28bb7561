{{/* The command line of `freshet webhook`. */}}

{{- define "freshet.arguments" -}}
{{- $name := include "freshet.name" . -}}
- webhook
{{- with .Values.certificates }}
{{- if eq .mode "self-managed" }}
{{- include "freshet.option" (list "certificate-secret" (include "freshet.certificateSecret" $)) }}
{{- include "freshet.option" (list "certificate-lifetime" .lifetime) }}
{{- if ne $name "freshet" }}
{{- include "freshet.option" (list "service-name" $name) }}
{{- include "freshet.option" (list "webhook-configuration" $name) }}
{{- include "freshet.option" (list "lease-name" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.vault }}
{{- include "freshet.option" (list "vault-address" .address) }}
{{- include "freshet.option" (list "vault-namespace" .namespace) }}
{{- include "freshet.option" (list "auth-type" .authType) }}
{{- include "freshet.option" (list "auth-path" .authPath) }}
{{- include "freshet.option" (list "auth-audience" .audience) }}
{{- include "freshet.option" (list "ca-config-map" .caConfigMap) }}
{{- end }}
{{- with .Values.vaultK8s }}
{{- include "freshet.option" (list "vault-k8s-address" .externalVaultAddr) }}
{{- include "freshet.option" (list "vault-k8s-namespace" .namespace) }}
{{- include "freshet.option" (list "vault-k8s-auth-type" .authType) }}
{{- include "freshet.option" (list "vault-k8s-auth-path" .authPath) }}
{{- if .revokeOnShutdown }}
{{- include "freshet.option" (list "vault-k8s-revoke-on-shutdown" true) }}
{{- end }}
{{- include "freshet.option" (list "vault-k8s-run-as-user" .runAsUser) }}
{{- include "freshet.option" (list "vault-k8s-run-as-group" .runAsGroup) }}
{{- if .runAsSameUser }}
{{- include "freshet.option" (list "vault-k8s-run-as-same-user" true) }}
{{- end }}
{{- if not .setSecurityContext }}
{{- include "freshet.option" (list "vault-k8s-set-security-context" false) }}
{{- end }}
{{- with .agentDefaults }}
{{- include "freshet.option" (list "vault-k8s-cpu-request" .cpuRequest) }}
{{- include "freshet.option" (list "vault-k8s-cpu-limit" .cpuLimit) }}
{{- include "freshet.option" (list "vault-k8s-mem-request" .memRequest) }}
{{- include "freshet.option" (list "vault-k8s-mem-limit" .memLimit) }}
{{- include "freshet.option" (list "vault-k8s-ephemeral-request" .ephemeralRequest) }}
{{- include "freshet.option" (list "vault-k8s-ephemeral-limit" .ephemeralLimit) }}
{{- if ne .template "map" }}
{{- include "freshet.option" (list "vault-k8s-default-template" .template) }}
{{- end }}
{{- with .templateConfig }}
{{- include "freshet.option" (list "vault-k8s-static-secret-render-interval" .staticSecretRenderInterval) }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.externalSecrets }}
{{- if .enabled }}
{{- include "freshet.option" (list "external-secrets-claim" .claim) }}
{{- include "freshet.option" (list "external-secrets-status" .status) }}
{{- include "freshet.option" (list "external-secrets-patch-pods" .patchPods) }}
{{- include "freshet.option" (list "external-secrets-evict-pods" .evictPods) }}
{{- if ne $name "freshet" }}
{{- include "freshet.option" (list "external-secrets-lease" (printf "%s-external-secrets" $name)) }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.refresher }}
{{- include "freshet.option" (list "refresher-image" (include "freshet.image" (list $ .image))) }}
{{- if .fullImage.repository }}
{{- include "freshet.option" (list "refresher-full-image" (include "freshet.image" (list $ .fullImage))) }}
{{- end }}
{{- include "freshet.option" (list "refresher-image-pull-policy" .imagePullPolicy) }}
{{- include "freshet.option" (list "refresher-image-pull-secret" .imagePullSecret) }}
{{- $requests := .resources.requests | default dict }}
{{- $limits := .resources.limits | default dict }}
{{- include "freshet.option" (list "refresher-requests-cpu" ($requests.cpu | default "none")) }}
{{- include "freshet.option" (list "refresher-requests-memory" ($requests.memory | default "none")) }}
{{- include "freshet.option" (list "refresher-limits-cpu" ($limits.cpu | default "none")) }}
{{- include "freshet.option" (list "refresher-limits-memory" ($limits.memory | default "none")) }}
{{- include "freshet.option" (list "refresher-metrics-port" .metricsPort) }}
{{- include "freshet.option" (list "refresher-log-format" .logFormat) }}
{{- include "freshet.option" (list "refresher-log-level" .logLevel) }}
{{- end }}
{{- with .Values.webhook }}
{{- include "freshet.option" (list "listen-address" (printf "[::]:%d" (int .port))) }}
{{- include "freshet.option" (list "metrics-address" (printf "[::]:%d" (int .metricsPort))) }}
{{- include "freshet.option" (list "body-limit" .bodyLimit) }}
{{- include "freshet.option" (list "log-format" .logFormat) }}
{{- include "freshet.option" (list "log-level" .logLevel) }}
{{- range .extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* One option, unless its value is empty; takes its name and the value. */}}
{{- define "freshet.option" -}}
{{- $value := index . 1 -}}
{{- /* Helm reads whole numbers as floating ones, which print as 4.194304e+06. */ -}}
{{- if kindIs "float64" $value }}{{ $value = int64 $value }}{{ end -}}
{{- if and (not (kindIs "invalid" $value)) (ne (toString $value) "") }}
- {{ printf "--%s=%v" (index . 0) $value | quote }}
{{- end -}}
{{- end -}}
