-- POSTs check_token; the arguments are the Authorization header and the tokens, used in turn.
local bodies, next_one = {}, 0

function init(arguments)
  wrk.method = "POST"
  wrk.headers["Authorization"] = arguments[1]
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  for number = 2, #arguments do
    bodies[#bodies + 1] = wrk.format(nil, nil, nil, "token=" .. arguments[number])
  end
end

function request()
  next_one = next_one % #bodies + 1
  return bodies[next_one]
end
