// A judge of logs by the Go project's own libraries; any Go since 1.18.
module interop/sumdb-judge

go 1.18

require golang.org/x/mod v0.20.0
