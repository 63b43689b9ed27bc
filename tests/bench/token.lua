-- POSTs one form; the arguments are the Authorization header and the form.
function init(arguments)
  wrk.method = "POST"
  wrk.headers["Authorization"] = arguments[1]
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  wrk.body = arguments[2]
end
