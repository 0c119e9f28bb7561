# What the documentation of the agent's users shows.
"auto_auth" = {
  "method" "kubernetes" {
    "mount_path" = "auth/kubernetes"
    config = { role = "shop", token_path = "/var/run/secrets/token" }
  }
  sink "file" {
    config = {
      path = "/home/vault/.vault-token"
      mode = 0640
    }
  }
}
exit_after_auth = false // a comment
pid_file = "/home/vault/pid" /* another,
of two lines */

vault { address = "https://vault:8200" retry { num_retries = -1 } }

template {
  destination = "/vault/secrets/a.conf"
  perms = "0600"
  contents = <<EOT
{{ with secret "kv/db" -}}
user={{ .Data.data.user }} # no comment
{{- end }}
EOT
}
template {
  source = "/vault/configs/b.ctmpl",
  destination = "/vault/secrets/b",
  wait { min = "2s" max = "60s" }
}
