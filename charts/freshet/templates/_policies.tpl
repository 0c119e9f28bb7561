{{/* What the ValidatingAdmissionPolicies share. */}}

{{/* What a policy's value asks for, "off" where the cluster is too old; takes the root and the value's name. */}}
{{- define "freshet.policy" -}}
{{- $root := index . 0 -}}
{{- $value := get $root.Values.policies (index . 1) | toString -}}
{{- $known := semverCompare ">=1.30.0-0" $root.Capabilities.KubeVersion.Version -}}
{{- if and (eq $value "deny") (not $known) -}}
{{- fail (printf "policies.%s: deny needs ValidatingAdmissionPolicies, which Kubernetes %s has not: use off, or Kubernetes 1.30 or newer" (index . 1) $root.Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- /* YAML reads an unquoted off as false. */ -}}
{{- if or (not $known) (eq $value "false") }}off{{ else }}{{ $value }}{{ end -}}
{{- end -}}

{{/* The binding of a policy; takes the root, the policy's name and the action. */}}
{{- define "freshet.policyBinding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ index . 1 }}
  labels:
    {{- include "freshet.labels" (index . 0) | nindent 4 }}
spec:
  policyName: {{ index . 1 }}
  validationActions: [{{ index . 2 }}]
{{- end -}}
