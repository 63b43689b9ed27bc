-- POSTs forms in turn; the arguments are an Authorization header and a form, again and again.
local requests, next_one = {}, 0

function init(arguments)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  for number = 1, #arguments, 2 do
    wrk.headers["Authorization"] = arguments[number]
    requests[#requests + 1] = wrk.format(nil, nil, nil, arguments[number + 1])
  end
end

function request()
  next_one = next_one % #requests + 1
  return requests[next_one]
end
