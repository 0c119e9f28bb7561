module freshet.dev/benches/template

go 1.21
