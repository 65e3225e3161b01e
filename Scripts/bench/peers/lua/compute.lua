-- The compute set in Lua: the same algorithms, step by step, as in ../python/compute.py and ../../proclang.
-- usage: compute.lua NAME N; prints `name seconds s checksum`. os.clock is CPU time.
local clock = os.clock
local function report(name, begun, checksum)
    print(string.format("%s %.9g s %d", name, clock() - begun, checksum))
end

local programs = {}

function programs.fib(n)
    local function f(n)
        if n < 2 then return n end
        return f(n - 1) + f(n - 2)
    end
    local begun = clock()
    report("fib", begun, f(n))
end

function programs.loop_for(n)
    local begun = clock()
    local total = 0
    for i = 0, n - 1 do total = total + i end
    report("loop_for", begun, total)
end

function programs.loop_while(n)
    local begun = clock()
    local total = 0
    local i = 0
    while i < n do
        total = total + i
        i = i + 1
    end
    report("loop_while", begun, total)
end

function programs.mandelbrot(n)
    local begun = clock()
    local inside = 0
    for py = 0, n - 1 do
        local ci = 2.0 * py / n - 1.0
        for px = 0, n - 1 do
            local cr = 2.0 * px / n - 1.5
            local zr, zi, k = 0.0, 0.0, 0
            while k < 50 and zr * zr + zi * zi <= 4.0 do
                local t = zr * zr - zi * zi + cr
                zi = 2.0 * zr * zi + ci
                zr = t
                k = k + 1
            end
            if k == 50 then inside = inside + 1 end
        end
    end
    report("mandelbrot", begun, inside)
end

function programs.sieve(n)
    local begun = clock()
    local flags = {}
    for i = 1, n do flags[i] = true end
    local count = 0
    for i = 2, n do
        if flags[i] then
            count = count + 1
            local j = i * i
            while j <= n do
                flags[j] = false
                j = j + i
            end
        end
    end
    report("sieve", begun, count)
end

function programs.strbuild(n)
    local begun = clock()
    local parts = {}
    for i = 0, n - 1 do parts[#parts + 1] = "item" .. i end
    local text = table.concat(parts, ",")
    report("strbuild", begun, #text)
end

function programs.strappend(n)
    local function build(n)
        local text = ""
        for i = 0, n - 1 do text = text .. "0123456789" end
        return text
    end
    local begun = clock()
    local length = 0
    for i = 0, n - 1 do length = length + #build(2000) end
    report("strappend", begun, length)
end

function programs.strsplit(n)
    local parts = {}
    for i = 0, n - 1 do parts[#parts + 1] = tostring(i) end
    local text = table.concat(parts, " ")
    local begun = clock()
    local total = 0
    local words = {}
    for word in text:gmatch("[^ ]+") do words[#words + 1] = word end
    for _, word in ipairs(words) do total = total + math.tointeger(word) end
    report("strsplit", begun, total)
end

function programs.wordcount(n)
    local words = {}
    for i = 0, 4999 do words[i] = "w" .. i end
    local begun = clock()
    local counts = {}
    local state = 1
    for i = 0, n - 1 do
        state = (state * 1103515245 + 12345) % 2147483648
        local word = words[state // 8 % 5000]
        counts[word] = (counts[word] or 0) + 1
    end
    local distinct = 0
    for _ in pairs(counts) do distinct = distinct + 1 end
    report("wordcount", begun, distinct * 1000000 + counts["w42"])
end

function programs.sort(n)
    local state = 1
    local xs = {}
    for i = 1, n do
        state = (state * 1103515245 + 12345) % 2147483648
        xs[i] = state
    end
    local begun = clock()
    table.sort(xs)
    report("sort", begun, xs[1] + xs[n // 2 + 1] + xs[n])
end

function programs.closures(n)
    local function adder(k)
        return function(x) return x + k end
    end
    local function counter()
        local count = 0
        return function()
            count = count + 1
            return count
        end
    end
    local begun = clock()
    local total = 0
    local step = counter()
    for i = 0, n - 1 do
        local add = adder(i % 7)
        total = total + add(i)
        total = total + step()
    end
    report("closures", begun, total)
end

function programs.methods(n)
    local begun = clock()
    local xs = {}
    local total = 0
    for i = 0, n - 1 do
        table.insert(xs, i)
        if i % 3 == 0 then total = total + table.remove(xs) end
    end
    report("methods", begun, total + #xs)
end

function programs.objects(n)
    local Account = {}
    Account.__index = Account
    function Account.new() return setmetatable({balance = 0}, Account) end
    function Account:deposit(amount) self.balance = self.balance + amount end
    local begun = clock()
    local account = Account.new()
    for i = 0, n - 1 do account:deposit(i) end
    report("objects", begun, account.balance)
end

function programs.exceptions(n)
    local function check(i)
        if i % 2 == 1 then error("odd") end
        return i
    end
    local begun = clock()
    local total, caught = 0, 0
    for i = 0, n - 1 do
        local ok, value = pcall(check, i)
        if ok then total = total + value else caught = caught + 1 end
    end
    report("exceptions", begun, total + caught)
end

programs[arg[1]](tonumber(arg[2]))
