numbers = [0, 7, -12, 0x1F, 0640, 644, 1.5, -0.25, 1e3, ]
truths = [true, false]
nested = [["a"], ["b", "c"]]
objects = [{ a = 1 }, { a = 2, b = "x" }]
empty_list = []
empty_object {}
a-b.c_d = "name"
three "labels" "deep" { x = 1 }
three "labels" "deep" { x = 2 }
same = "line" other = "too"
last = <<EOT
x
EOT
