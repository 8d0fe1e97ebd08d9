package shop

// TODOs are listed by the tool
var ctx = "context.TODO()"
