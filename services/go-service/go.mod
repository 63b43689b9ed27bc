module suite/go-service

go 1.22
