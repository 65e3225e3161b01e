/*
 * What surrounds the processes: the supervisor that sweeps after the dead, futexes that return without
 * a cause, and cancellation.
 */

#if KILLS > 0
/* The supervisor is not killed: its death ends everything. */
active proctype Sweeper() {
    byte me = SWEEPER;
    byte c, k, cand, wakes, x, p;
    bit inherit, urgent;

end_sweeper:
    atomic {
        (dead & ~swept) != 0 ->
        p = 0;
        do
        :: BIT(dead & ~swept, p) -> break
        :: else -> p++
        od;
        x = 0
    };
    do
    :: x < 2 ->
        acquire(x);
        atomic {
            c = x;
            if
            :: inherit -> repair(); inherit = 0
            :: else
            fi;
            k = p * 2;
            do
            :: k < p * 2 + 2 ->                                        /* withdraw its records */
                if
                :: BIT(act, k) && CHAN(k) == x ->
#ifndef BREAK_SWEEP
                    if
                    :: BIT(sig, k) -> signal_one()                     /* and pass its baton */
                    :: else
                    fi;
#endif
                    act = act & ~(1 << k);
                    sig = sig & ~(1 << k)
                :: else
                fi;
                k++
            :: else -> k = 0; break
            od;
            moved = moved | pend[me];
            c = 0;
            lock[x] = 0
        };
        wake_pending();
        x++
    :: else -> x = 0; break
    od;
#ifndef BREAK_REPEAT
#ifdef BREAK_FORGET
    atomic { pend[me] = pend[p]; moved = moved | pend[me] };           /* not those that it had put off */
#else
    atomic { pend[me] = pend[p] | late[p]; moved = moved | pend[me] }; /* repeat its wakes */
#endif
    wake_pending();
#endif
    atomic {
        pend[p] = 0;
        late[p] = 0;
        swept = swept | (1 << p);
        moved = moved & ~(1 << p);                                     /* no state for what it left */
        parked = parked & ~(1 << p);
        asleep = asleep & ~(1 << p);
        p = 0;
        goto end_sweeper
    };
killed:
    skip                                                               /* never: it is no victim */
}
#endif

#if SPURIOUS > 0
#define OPTION_SPURIOUS(p) :: BIT(asleep, p) -> asleep = asleep & ~(1 << p)
/* A futex may return for no reason, or because of a late wake meant for an earlier wait. */
active proctype Spurious() {
    byte n = SPURIOUS;
    do
    :: n > 0 && asleep != 0 ->
        atomic {
            if
            OPTION_SPURIOUS(0)
            OPTION_SPURIOUS(1)
            OPTION_SPURIOUS(2)
#if NP > 3
            OPTION_SPURIOUS(3)
#endif
            :: else
            fi;
            n--
        }
    :: n = 0; break
    od
}
#endif

#if CANCELS > 0
/* Cancellation from outside: no lock is held. */
active proctype Canceller() {
    byte p;
    bit wake;
    if
    :: BIT(CANCELS, 0) -> p = 0
    :: BIT(CANCELS, 1) -> p = 1
    :: BIT(CANCELS, 2) -> p = 2
    fi;
    cancel = cancel | (1 << p);
    moved = moved | (1 << p);
    wake = BIT(parked, p);
    if
    :: wake -> asleep = asleep & ~(1 << p)
    :: else
    fi
}
#endif

