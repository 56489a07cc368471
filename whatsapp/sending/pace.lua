-- The pace of one number: the same arithmetic as pace.reserve, slow_down and chat (a test compares them).
-- KEYS: the number's hash. ARGV: now ("" for this server's clock), verb, most, amount,
--       ahead, margin, recovery, recovery every, lowest, lowest share, horizon,
--       set back, chat, no complaint, most alone.
-- Returns start, interval, count, wait, now.
local now = tonumber(ARGV[1])
if now == nil then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local verb, most, amount = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local ahead, margin = tonumber(ARGV[5]), tonumber(ARGV[6])
local recovery, every, lowest = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local lowest_share, horizon, set_back = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local chat, no_complaint, most_alone = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])

local state = redis.call('HMGET', KEYS[1], 'next', 'rate', 'at', 'rest', 'chat')
local next_slot, slowed_rate, slowed_at = tonumber(state[1]) or 0, tonumber(state[2]), tonumber(state[3]) or 0
local rest, chatted_at = tonumber(state[4]) or 0, tonumber(state[5]) or 0
local was_too_fast = slowed_rate and now - slowed_at < no_complaint
local rate = most
if not was_too_fast and now - chatted_at >= chat then rate = math.max(most, most_alone) end
if slowed_rate then
  local steps = math.min(math.floor(math.max(0, now - slowed_at) / every), 500)
  rate = math.min(rate, slowed_rate * recovery ^ steps)
end

local furthest = now + horizon + 1 / (margin * math.max(math.min(lowest, most), most * lowest_share))
local start, interval, count, wait = now, 1 / (rate * margin), 0, 0
if next_slot <= furthest then start = math.max(start, next_slot) end
if slowed_at <= now + set_back then start = math.max(start, rest) else rest = 0 end
if verb == 'slow_down' then
  rest = math.max(rest, now + amount)
  if not slowed_rate or now - slowed_at >= amount or slowed_at > now + set_back then
    slowed_rate, slowed_at = math.max(lowest, most * lowest_share, rate / 2), now
  end
elseif verb == 'chat' then
  chatted_at = now
else
  count = math.min(amount, math.floor(ahead / interval) + 1)
  wait = start + (count - 1) * interval - (now + ahead)
  if wait > 0 then
    count = 0
  else
    wait, next_slot = 0, start + count * interval
  end
end

redis.call('HSET', KEYS[1], 'next', string.format('%.6f', next_slot), 'at', string.format('%.6f', slowed_at),
  'rest', string.format('%.6f', rest), 'chat', string.format('%.6f', chatted_at))
if slowed_rate then redis.call('HSET', KEYS[1], 'rate', string.format('%.9f', slowed_rate)) end
redis.call('EXPIRE', KEYS[1], 86400)
return {
  string.format('%.6f', start), string.format('%.9f', interval), count,
  string.format('%.6f', wait), string.format('%.6f', now),
}
