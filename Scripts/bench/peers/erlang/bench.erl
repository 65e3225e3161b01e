%% Erlang's processes: NOT operating-system processes; for comparison. Sends are asynchronous (no rendezvous).
%% usage: erl -noshell -pa DIR -run bench main WORKLOAD [VARIANT] SIZE...; prints `name value unit checksum`.
-module(bench).
-export([main/1]).

main(["manager", Variant, N]) -> run(manager, {Variant, list_to_integer(N)});
main([Name | Sizes]) -> run(list_to_atom(Name), [list_to_integer(S) || S <- Sizes]).

%% In a process of its own: the one that starts up traps exits, and would get a message from every child's end.
run(Name, Sizes) ->
    {_, Ref} = spawn_monitor(fun() -> workload(Name, Sizes) end),
    receive {'DOWN', Ref, process, _, How} -> halt(case How of normal -> 0; _ -> 1 end, [{flush, true}]) end.

now_us() -> erlang:monotonic_time(nanosecond) / 1000.

report(Name, Value, Unit, Checksum) -> io:format("~s ~.3f ~s ~w~n", [Name, float(Value), Unit, Checksum]).
rate(N, Begun) -> N / ((now_us() - Begun) / 1.0e6).

repeat(0, _) -> ok;
repeat(N, F) -> F(), repeat(N - 1, F).

%% Waits for N messages and adds them up.
collect(0, Sum) -> Sum;
collect(N, Sum) -> receive X -> collect(N - 1, Sum + X) end.

workload(spawn, [N]) ->
    Begun = now_us(),
    repeat(N, fun() ->
        {Pid, Ref} = spawn_monitor(fun() -> ok end),
        receive {'DOWN', Ref, process, Pid, normal} -> ok end
    end),
    report("spawn", rate(N, Begun), "proc/s", N);
workload(spawn_many, [N]) ->
    Begun = now_us(),
    Refs = [element(2, spawn_monitor(fun() -> ok end)) || _ <- lists:seq(1, N)],
    [receive {'DOWN', Ref, process, _, normal} -> ok end || Ref <- Refs],
    report("spawn_many", (now_us() - Begun) / 1000, "ms", N);
workload(pingpong, [N]) ->
    Me = self(),
    Echo = spawn_link(fun() -> echo(Me) end),
    Begun = now_us(),
    Sum = bounce(Echo, 0, N, 0),
    report("pingpong", rate(N, Begun), "roundtrip/s", Sum);
workload(queue, [Producers, N]) ->
    Each = N div Producers,
    Me = self(),
    Begun = now_us(),
    [spawn_link(fun() -> produce(Me, P * Each, Each) end) || P <- lists:seq(0, Producers - 1)],
    Sum = collect(Each * Producers, 0),
    report("queue", rate(Each * Producers, Begun), "msg/s", Sum);
workload(list1000, [N]) ->
    Me = self(),
    List = lists:seq(0, 999),
    Begun = now_us(),
    spawn_link(fun() -> repeat(N, fun() -> Me ! List end) end),
    Sum = lists:foldl(fun(_, S) -> receive L -> S + length(L) + lists:last(L) end end, 0, lists:seq(1, N)),
    report("list1000", rate(N, Begun), "msg/s", Sum);
workload(counter, [N]) ->
    Cell = atomics:new(1, []),
    Begun = now_us(),
    Refs = [element(2, spawn_monitor(fun() -> repeat(N div 4, fun() -> atomics:add(Cell, 1, 1) end) end))
            || _ <- lists:seq(1, 4)],
    [receive {'DOWN', Ref, process, _, normal} -> ok end || Ref <- Refs],
    report("counter", rate(N, Begun), "inc/s", atomics:get(Cell, 1));
workload(ring, [Size, Rounds]) ->
    First = lists:foldl(fun(_, Next) -> spawn_link(fun() -> pass_on(Next) end) end, self(), lists:seq(2, Size)),
    Begun = now_us(),
    Token = lists:foldl(fun(_, T) -> First ! T + 1, receive X -> X end end, 0, lists:seq(1, Rounds)),
    report("ring", rate(Size * Rounds, Begun), "hop/s", Token);
workload(commstime, [N]) ->
    Me = self(),
    Delta = spawn_link(fun() -> receive {out, B} -> delta(B, Me) end end),
    Prefix = spawn_link(fun() -> Delta ! 0, pass(Delta) end),
    Successor = spawn_link(fun() -> pass_on(Prefix) end),
    Begun = now_us(),
    Delta ! {out, Successor},
    Sum = collect(N, 0),
    report("commstime", (now_us() - Begun) / N, "us/loop", Sum);
workload(select, [N]) ->
    %% A mailbox is the alternation; an answer to each message makes it a meeting.
    Each = N div 8,
    Me = self(),
    Begun = now_us(),
    [spawn_link(fun() -> meet(Me, W * Each, Each) end) || W <- lists:seq(0, 7)],
    Sum = lists:foldl(fun(_, S) -> receive {From, X} -> From ! ok, S + X end end, 0, lists:seq(1, Each * 8)),
    report("select", rate(Each * 8, Begun), "msg/s", Sum);
workload(manager, {Variant, N}) ->
    Server = spawn_link(fun() -> serve([7], 1, 0) end),
    Request = case Variant of "get" -> get; "append" -> {append, 1}; _ -> {add, 1} end,
    Begun = now_us(),
    {Sum, Last} = ask_many(Server, Request, N, 0, 0),
    Checksum = case Variant of "get" -> Sum; "append" -> Last - 1; _ -> Last end,
    report("manager", rate(N, Begun), "op/s", Checksum).

echo(To) -> receive X -> To ! X + 1, echo(To) end.

bounce(_, N, N, Sum) -> Sum;
bounce(Echo, I, N, Sum) ->
    Echo ! I,
    receive X -> bounce(Echo, I + 1, N, Sum + X) end.

produce(_, _, 0) -> ok;
produce(To, X, N) -> To ! X, produce(To, X + 1, N - 1).

pass_on(Next) -> receive X -> Next ! X + 1, pass_on(Next) end.
pass(Next) -> receive X -> Next ! X, pass(Next) end.
delta(Left, Right) -> receive X -> Left ! X, Right ! X, delta(Left, Right) end.

meet(_, _, 0) -> ok;
meet(To, X, N) ->
    To ! {self(), X},
    receive ok -> meet(To, X + 1, N - 1) end.

serve(List, Count, X) ->
    receive
        {From, get} -> From ! hd(List), serve(List, Count, X);
        {From, {append, V}} -> From ! Count + 1, serve([V | List], Count + 1, X);
        {From, {add, V}} -> From ! X + V, serve(List, Count, X + V)
    end.

ask_many(_, _, 0, Sum, Last) -> {Sum, Last};
ask_many(Server, Request, N, Sum, _) ->
    Server ! {self(), Request},
    receive X -> ask_many(Server, Request, N - 1, Sum + X, X) end.
