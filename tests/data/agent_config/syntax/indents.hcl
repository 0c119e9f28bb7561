plain = <<EOT
  one
    two
  EOT
hanging = <<-EOT
    one
      two
    EOT
blank = <<-EOT
    one

    two
    EOT
shallow = <<-EOT
  one
two
    EOT
empty = <<EOT
EOT
like = <<EOT
EOTS
 EOT x
EOT
