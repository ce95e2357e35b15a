-- Sends what the file $REQUESTS says, one request a line: method, path, token, body, run of operation keys, with tabs
-- between. `{n}` in a body and in a key is a number that never comes again: each creation is a new one.
local lines, ready, sent = {}, {}, 0
for line in io.lines(os.getenv("REQUESTS")) do
  local fields = {}
  for field in (line .. "\t"):gmatch("([^\t]*)\t") do fields[#fields + 1] = field end
  lines[#lines + 1] = fields
end
local count = #lines

local function make(fields)
  local headers = { ["Authorization"] = "Bearer " .. fields[3] }
  local body
  if fields[4] ~= "" then
    headers["Content-Type"] = "application/json"
    body = fields[4]:gsub("{n}", tostring(sent))
  end
  if fields[5] ~= "" then headers["Idempotency-Key"] = fields[5] .. "-" .. sent end
  return wrk.format(fields[1], fields[2], headers, body)
end

request = function()
  sent = sent + 1
  local at = sent % count + 1
  local fields = lines[at]
  if fields[4] ~= "" then return make(fields) end
  local made = ready[at]
  if not made then
    made = make(fields)
    ready[at] = made
  end
  return made
end

-- wrk builds each answer for the script only where `response` stands: not in rounds that are compared by their speed.
local threads = {}
if os.getenv("TELL_REFUSALS") then
  setup = function(thread) threads[#threads + 1] = thread end
  response = function(status, _, body)
    if status >= 400 and not refusal then refusal = status .. " " .. body:sub(1, 300):gsub("%s+", " ") end
  end
end

done = function(summary, latency)
  local e = summary.errors
  for _, thread in ipairs(threads) do
    local told = thread:get("refusal")
    if told then io.write("\nREFUSED " .. told) end
  end
  io.write(string.format(
    '\nRESULT {"requests":%d,"us":%d,"bytes":%d,"refused":%d,"broken":%d,"p50":%f,"p95":%f,"p99":%f,"max":%f}\n',
    summary.requests, summary.duration, summary.bytes, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
