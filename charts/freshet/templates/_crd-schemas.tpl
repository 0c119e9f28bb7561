{{/*
What External Secrets' objects look like, as far as pods are served from them. Fields that are not
here are kept and not looked at: Freshet tells which of them it does not serve. Without defaults, so
that an object stays as its author wrote it.
*/}}

{{/* What both versions say about an ExternalSecret. */}}
{{- define "freshet.schemaOfExternalSecret" -}}
description: What a Secret would be made of. Pods that mount the Secret are served its keys as files.
type: object
properties:
  apiVersion: {type: string}
  kind: {type: string}
  metadata: {type: object}
  spec:
    type: object
    x-kubernetes-preserve-unknown-fields: true
    properties:
      secretStoreRef:
        {{- include "freshet.schemaOfStoreRef" . | nindent 8 }}
      refreshInterval:
        description: How often Vault is looked at, e.g. 1h or 15s; 0 looks once.
        type: string
      refreshPolicy:
        type: string
        enum: [CreatedOnce, Periodic, OnChange]
      target:
        description: The Secret that is not made.
        type: object
        x-kubernetes-preserve-unknown-fields: true
        properties:
          name:
            description: The name under which pods mount it; without one the object's own.
            type: string
            minLength: 1
            maxLength: 253
          creationPolicy:
            type: string
            enum: [Owner, Orphan, Merge, CreateOrMerge, None]
          deletionPolicy:
            type: string
            enum: [Delete, Merge, Retain]
          immutable: {type: boolean}
          template:
            description: What is made of the fetched keys.
            type: object
            x-kubernetes-preserve-unknown-fields: true
            properties:
              engineVersion: {type: string, enum: [v2]}
              mergePolicy: {type: string, enum: [Replace, Merge]}
              type: {type: string}
              data:
                description: A Go template for each key.
                type: object
                additionalProperties: {type: string}
              templateFrom:
                type: array
                items:
                  type: object
                  x-kubernetes-preserve-unknown-fields: true
                  properties:
                    literal: {type: string}
                    target: {type: string}
                    configMap:
                      {{- include "freshet.schemaOfTemplates" . | nindent 22 }}
                    secret:
                      {{- include "freshet.schemaOfTemplates" . | nindent 22 }}
      data:
        description: Single values, each under a key of its own.
        type: array
        items:
          type: object
          x-kubernetes-preserve-unknown-fields: true
          required: [secretKey]
          properties:
            secretKey:
              type: string
              minLength: 1
              maxLength: 253
              pattern: ^[-._a-zA-Z0-9]+$
            remoteRef:
              {{- include "freshet.schemaOfRemoteRef" . | nindent 14 }}
            sourceRef:
              {{- include "freshet.schemaOfSourceRef" . | nindent 14 }}
      dataFrom:
        description: Whole secrets, each of their keys under its name.
        type: array
        items:
          type: object
          x-kubernetes-preserve-unknown-fields: true
          properties:
            extract:
              {{- include "freshet.schemaOfRemoteRef" . | nindent 14 }}
            find:
              type: object
              x-kubernetes-preserve-unknown-fields: true
              properties:
                path: {type: string}
                name:
                  type: object
                  x-kubernetes-preserve-unknown-fields: true
                  properties:
                    regexp: {type: string}
                tags:
                  type: object
                  additionalProperties: {type: string}
                conversionStrategy: {type: string, enum: [Default, Unicode]}
                decodingStrategy: {type: string, enum: [Auto, Base64, Base64URL, None]}
            rewrite:
              type: array
              items:
                type: object
                x-kubernetes-preserve-unknown-fields: true
            sourceRef:
              {{- include "freshet.schemaOfSourceRef" . | nindent 14 }}
  status:
    {{- include "freshet.schemaOfStatus" . | nindent 4 }}
{{- end -}}

{{- define "freshet.schemaOfStoreRef" -}}
type: object
x-kubernetes-preserve-unknown-fields: true
properties:
  name: {type: string, minLength: 1, maxLength: 253}
  kind: {type: string, enum: [SecretStore, ClusterSecretStore]}
{{- end -}}

{{- define "freshet.schemaOfSourceRef" -}}
type: object
x-kubernetes-preserve-unknown-fields: true
properties:
  storeRef:
    {{- include "freshet.schemaOfStoreRef" . | nindent 4 }}
{{- end -}}

{{- define "freshet.schemaOfRemoteRef" -}}
type: object
x-kubernetes-preserve-unknown-fields: true
required: [key]
properties:
  key: {type: string}
  property: {type: string}
  version: {type: string}
  metadataPolicy: {type: string, enum: [None, Fetch]}
  conversionStrategy: {type: string, enum: [Default, Unicode]}
  decodingStrategy: {type: string, enum: [Auto, Base64, Base64URL, None]}
{{- end -}}

{{- define "freshet.schemaOfTemplates" -}}
type: object
x-kubernetes-preserve-unknown-fields: true
required: [name, items]
properties:
  name: {type: string, minLength: 1, maxLength: 253}
  items:
    type: array
    items:
      type: object
      x-kubernetes-preserve-unknown-fields: true
      required: [key]
      properties:
        key: {type: string, minLength: 1, maxLength: 253}
        templateAs: {type: string, enum: [Values, KeysAndValues]}
{{- end -}}

{{/* What both versions say about a SecretStore or ClusterSecretStore. */}}
{{- define "freshet.schemaOfStore" -}}
description: Where secrets are, and how to log in. Pods log in as their own service account.
type: object
properties:
  apiVersion: {type: string}
  kind: {type: string}
  metadata: {type: object}
  spec:
    type: object
    x-kubernetes-preserve-unknown-fields: true
    required: [provider]
    properties:
      controller:
        description: Whose store it is; freshet is Freshet's.
        type: string
      provider:
        description: Of all that exist vault is served in pods.
        type: object
        minProperties: 1
        maxProperties: 1
        x-kubernetes-preserve-unknown-fields: true
        properties:
          vault:
            type: object
            x-kubernetes-preserve-unknown-fields: true
            required: [server]
            properties:
              server: {type: string}
              path: {type: string}
              version: {type: string, enum: [v1, v2]}
              namespace: {type: string}
              caBundle:
                description: Certificates in PEM, in base64.
                type: string
              caProvider:
                type: object
                x-kubernetes-preserve-unknown-fields: true
                required: [type, name]
                properties:
                  type: {type: string, enum: [Secret, ConfigMap]}
                  name: {type: string, minLength: 1, maxLength: 253}
                  key: {type: string, minLength: 1, maxLength: 253}
                  namespace: {type: string, minLength: 1, maxLength: 63}
              headers:
                type: object
                additionalProperties: {type: string}
              auth:
                description: Pods can log in by kubernetes and by jwt.
                type: object
                x-kubernetes-preserve-unknown-fields: true
      conditions:
        description: Which namespaces may use a ClusterSecretStore; each one that fits any.
        type: array
        items:
          type: object
          x-kubernetes-preserve-unknown-fields: true
          properties:
            namespaces:
              type: array
              items: {type: string, minLength: 1, maxLength: 63}
            namespaceRegexes:
              type: array
              items: {type: string}
            namespaceSelector:
              type: object
              x-kubernetes-preserve-unknown-fields: true
      refreshInterval:
        x-kubernetes-int-or-string: true
      retrySettings:
        type: object
        x-kubernetes-preserve-unknown-fields: true
  status:
    {{- include "freshet.schemaOfStatus" . | nindent 4 }}
{{- end -}}

{{- define "freshet.schemaOfStatus" -}}
type: object
x-kubernetes-preserve-unknown-fields: true
properties:
  conditions:
    type: array
    items:
      type: object
      x-kubernetes-preserve-unknown-fields: true
      required: [type, status]
      properties:
        type: {type: string}
        status: {type: string}
        reason: {type: string}
        message: {type: string}
        lastTransitionTime: {type: string, format: date-time}
{{- end -}}
