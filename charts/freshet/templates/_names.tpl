{{/* What everything is called, and how it is labelled. */}}

{{- define "freshet.name" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Never changes: a Deployment's selector cannot. */}}
{{- define "freshet.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "freshet.labels" -}}
{{ include "freshet.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The Secret with the certificate. */}}
{{- define "freshet.certificateSecret" -}}
{{- $suffix := eq .Values.certificates.mode "self-managed" | ternary "certificate" "tls" -}}
{{- .Values.certificates.secretName | default (printf "%s-webhook-%s" (include "freshet.name" .) $suffix) -}}
{{- end -}}

{{/* An image; takes the root and the image's values. */}}
{{- define "freshet.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $root.Values.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest -}}
{{- with $image.tag }}:{{ . }}{{ end }}@{{ $image.digest }}
{{- else -}}
:{{ $image.tag | default $root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Namespaces that cannot opt in, so that neither the control plane nor Freshet waits for Freshet. */}}
{{- define "freshet.namespacesLeftAlone" -}}
{{- list "kube-system" "kube-public" "kube-node-lease" .Release.Namespace | uniq | toJson | replace "," ", " -}}
{{- end -}}
