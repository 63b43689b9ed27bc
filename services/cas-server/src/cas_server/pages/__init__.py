"""The pages that people see: server-rendered HTML, without JavaScript."""
