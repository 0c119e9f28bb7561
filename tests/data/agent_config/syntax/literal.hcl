template {
  contents = <<EOF
#!/bin/sh
export PASSWORD="${PASSWORD:-{{ .Data.password }}}" %{ if } ${ %{
echo "\n" '\t' $${X} %%{Y}
EOF
}
quoted = "a \"b\" \\ \n\t\x41\u00e9 ${NAME:-"x \n"} } $HOME {{ .Data }} %{if}"
octal = "\101"
braces = "{{ with secret \"kv/a\" }}{{ .Data.data.b }}{{ end }}"
