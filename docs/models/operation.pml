/*
 * One process: an operation from its encoding to its return, at most twice. The numbers are the steps
 * of the design. This file is included twice, with PROCESS, GROUP defined: once for processes whose
 * critical sections are atomic, once for those that may be killed between any two stores.
 */
proctype PROCESS(byte me) {
    byte c, k, cand, msg, wakes;
    byte chosen = NONE;
    bit queued, expires, expired, inherit, first, again, urgent;

operation:
    atomic {
        if
        :: BIT(TIMED, me) -> expires = 1
        :: true                                                        /* the deadline is never reached */
        fi;
        STORE(claim[me] = WAITING)
    };

scan:                                                          /* 1: lock all, ascending */
    if
    :: USES(me, 0) -> acquire(0)
    :: else
    fi;
#if KILLS > 0
    GROUP {
        if
        :: inherit -> c = 0; repair(); inherit = 0
        :: else
        fi
    };
#endif
    if
    :: USES(me, 1) -> acquire(1)
    :: else
    fi;
    GROUP {
#if KILLS > 0
        if
        :: inherit -> c = 1; repair(); inherit = 0; c = 0
        :: else
        fi;
#endif
        if
        :: IS_DONE(me) -> chosen = claim[me] - DONE(0)         /* 2 */
        :: else ->                                             /* 3 */
            if
            :: first = 0
            :: USES(me, 0) + USES(me, 1) == 3 -> first = 1
            fi;
            attempt(me * 2 + first);
            if
            :: chosen == NONE -> attempt(me * 2 + 1 - first)
            :: else
            fi;
            first = 0
        fi;

        if
        :: chosen != NONE || expired -> goto leave
        :: chosen == NONE && !expired && expires -> goto leave /* `else`, or the deadline has passed */
        :: chosen == NONE && !expired
        fi;

        /* 5: nothing is ready. Having rescanned, I am no longer signalled. */
        STORE(sig = sig & ~MINE);
        k = 0;
        do
        :: k < 2 ->
            if
            :: BIT(SENDS, me * 2 + k) -> c = CHAN(me * 2 + k); signal_one(); c = 0
            :: else
            fi;
            STORE(act = act | ((SENDS | RECVS) & (1 << (me * 2 + k))));
            k++
        :: else -> k = 0; break
        od;
        queued = 1;
#if CANCELS > 0
    };
#ifdef BREAK_CANCEL
    if
    :: BIT(cancel, me) -> goto leave                           /* looked at before seq is read */
    :: else
    fi;
#endif
    moved = moved & ~ME;                                       /* read seq, then look */
    GROUP {
#ifndef BREAK_CANCEL
        if
        :: BIT(cancel, me) -> goto leave
        :: else
        fi;
#endif
#elif !defined(BREAK_SEQ)
        moved = moved & ~ME;                                   /* read seq: under all the locks */
#endif
#ifdef BREAK_PARKED
        wakes = pend[me] & parked;
#endif
        STORE(moved = moved | pend[me])                               /* bump those to be woken */
    };
    if
    :: USES(me, 0) -> release(0)
    :: else
    fi;
    if
    :: USES(me, 1) -> release(1)
    :: else
    fi;
#ifdef BREAK_DEFER
    if
    :: late[me] == 0 -> wake_pending()
    :: else                                                    /* asleep on somebody's wake-up */
    fi;
#else
    wake_pending();
#endif
#ifdef BREAK_SEQ
    moved = moved & ~ME;                                       /* too late */
#endif

    /* Park: FUTEX_WAIT compares and sleeps in one step. */
    STORE(parked = parked | ME);
    atomic {
        if
        :: BIT(moved, me)
        :: else -> asleep = asleep | ME
        fi
    };
end_parked:
    if
    :: !BIT(asleep, me)
    :: atomic { BIT(asleep, me) && expires -> asleep = asleep & ~ME; expired = 1 }
#if KILLS > 0
    :: kills > 0 && VICTIM(me) -> goto killed
#endif
    fi;
    STORE(parked = parked & ~ME);
    if
#ifdef BREAK_ALONE
    :: LONE_SEND(me) && IS_DONE(me)                            /* though its record may not be out yet */
#else
    :: LONE_SEND(me) && IS_DONE(me) && (act & MINE) == 0       /* taken: nothing is left to do there */
#endif
       -> chosen = claim[me] - DONE(0); goto report
    :: goto scan
    fi;

leave:                                                         /* 4: success, timeout, cancel */
    GROUP {
        k = 0;
        do
        :: k < 2 ->
#ifndef BREAK_BATON
            if
            :: BIT(act & sig, me * 2 + k) && k != chosen ->
                c = CHAN(me * 2 + k);                          /* pass the baton, then unlink */
                if
                :: fill[c] > 0 || SUM(OFFER_NOT_MINE) > 0 -> signal_one()
                :: else
                fi;
                c = 0
            :: else
            fi;
#endif
            STORE(d_step { act = act & ~(1 << (me * 2 + k)); sig = sig & ~(1 << (me * 2 + k)) });
            k++
        :: else -> k = 0; break
        od;
#ifdef BREAK_PARKED
        wakes = pend[me] & parked;
#endif
        STORE(moved = moved | pend[me])
    };
    if
    :: USES(me, 0) -> release(0)
    :: else
    fi;
    if
    :: USES(me, 1) -> release(1)
    :: else
    fi;
    wake_or_defer();

report:
    atomic {
        /* What the operation reports is what happened. */
        assert(BIT(done, me) == (chosen != NONE));
        k = 0;
        do
        :: k < 2 ->
            assert(!BIT(SENDS, me * 2 + k) || BIT(sent, MSG(me * 2 + k)) == (chosen == k));
            k++
        :: else -> k = 0; break
        od;
        queued = 0; expired = 0; expires = 0; chosen = NONE;
        if
        :: BIT(TWICE, me) && !again ->
            again = 1;
            second = second | ME;
            done = done & ~ME;
            goto operation
        :: else
        fi
    };
    if
    :: late[me] != 0 -> wake_pending()                         /* the end of a process is the last occasion */
    :: else
    fi;
    goto finished;

killed:
    atomic {
        dead = dead | ME;
        if
        :: kills--
        :: kills > 1 -> kills = 0
        fi
    };
finished:
    atomic {                                                           /* one state for all deaths */
        c = 0; k = 0; cand = 0; msg = 0; wakes = 0; chosen = NONE;
        queued = 0; expires = 0; expired = 0; inherit = 0; first = 0; again = 0; urgent = 0
    }
}
