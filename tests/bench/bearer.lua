-- GETs with a bearer token; the arguments are the tokens, used in turn.
local requests, next_one = {}, 0

function init(arguments)
  for number = 1, #arguments do
    requests[number] = wrk.format("GET", nil, { ["Authorization"] = "Bearer " .. arguments[number] })
  end
end

function request()
  next_one = next_one % #requests + 1
  return requests[next_one]
end
