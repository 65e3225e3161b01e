/*
 * One process: an operation from its encoding to its return, at most twice. The numbers are the steps
 * of the design. This file is included twice, with PROCESS, GROUP defined: once for processes whose
 * critical sections are atomic, once for those that may be killed between any two stores.
 */
proctype PROCESS(byte me) {
    byte c, k, cand, msg, wakes;
    byte chosen = NONE;
    bit queued, expires, expired, inherit, first, again, urgent, stage, expecting, both;

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
            :: !BIT(CHAIN, me) -> first = 0
            :: USES(me, 0) + USES(me, 1) == 3 -> first = 1
            :: BIT(CHAIN, me) -> first = stage
            fi;
            attempt(me * 2 + first);
            if
            :: chosen == NONE && !BIT(CHAIN, me) -> attempt(me * 2 + 1 - first)
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
        if
        :: true
        :: BIT(CHAIN, me) && stage == 0 && !queued && BIT(SENDS, me * 2) && CAP(CHAN(me * 2)) == 0 ->
            STORE(quiet = quiet | ME)                          /* what follows is a receive: one wait for both */
        fi;
        k = 0;
        do
        :: k < 2 ->
            if
            :: BIT(SENDS, me * 2 + k) && BIT(TURN(me), k) -> c = CHAN(me * 2 + k); signal_one(); c = 0
            :: else
            fi;
            STORE(act = act | ((SENDS | RECVS) & (1 << (me * 2 + k)) & (TURN(me) << (me * 2))));
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
    if
    :: BIT(quiet, me) ->                                       /* the record of the receive, unless there is something */
        acquire(CHAN(me * 2 + 1));
        GROUP {
            c = CHAN(me * 2 + 1);
#if KILLS > 0
            if
            :: inherit -> repair(); inherit = 0
            :: else
            fi;
#endif
            if
            :: fill[c] > 0 || SUM(OFFER_NOT_MINE) > 0
            :: else ->
                STORE(act = act | (1 << (me * 2 + 1)));
                expecting = 1
            fi;
            STORE(moved = moved | pend[me]);
            c = 0
        };
        release(CHAN(me * 2 + 1));
        if
        :: !expecting -> insist()
        :: else
        fi
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

    if
    :: BIT(CHAIN, me) && !expecting && IS_DONE(me) -> goto scan        /* taken without a word, perhaps */
    :: else
    fi;

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
    :: expecting ->                                            /* take what is there, if the send is done; and the record out */
        acquire(CHAN(me * 2 + 1));
        GROUP {
            c = CHAN(me * 2 + 1);
#if KILLS > 0
            if
            :: inherit -> repair(); inherit = 0
            :: else
            fi;
#endif
#ifdef BREAK_EARLY
            if
            :: true ->                                         /* whether the send is done or not */
#else
            if
            :: IS_DONE(me) && !BIT(act, me * 2) ->
#endif
                done = done & ~ME;
                queued = 0;
                receive(me * 2 + 1);
                both = (chosen == 1)
            :: else
            fi;
#ifndef BREAK_FORGO
            if
            :: BIT(sig, me * 2 + 1) && !both && (fill[c] > 0 || SUM(OFFER_NOT_MINE) > 0) -> signal_one()
            :: else
            fi;
#endif
            STORE(d_step { act = act & ~(1 << (me * 2 + 1)); sig = sig & ~(1 << (me * 2 + 1)) });
            STORE(moved = moved | pend[me]);
            c = 0
        };
        release(CHAN(me * 2 + 1));
        expecting = 0;
        if
        :: both -> quiet = quiet & ~ME; goto report_both
        :: !both && IS_DONE(me) && !BIT(act, me * 2) ->
            done = done | ME;
            wake_pending()
        :: else -> insist()
        fi
    :: else
    fi;
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
    goto report;

report_both:                                                   /* the receive was the second operation */
    atomic {
        wake_or_defer();
        stage = 1
    };

report:
    atomic {
        /* What the operation reports is what happened. */
        assert(BIT(done, me) == (chosen != NONE));
        k = 0;
        do
        :: k < 2 ->
            assert(!BIT(SENDS, me * 2 + k) || !BIT(TURN(me), k) || BIT(sent, MSG(me * 2 + k)) == (chosen == k));
            k++
        :: else -> k = 0; break
        od;
        quiet = quiet & ~ME;
        queued = 0; expired = 0; expires = 0;
        if
        :: BIT(CHAIN, me) && stage == 0 && chosen != NONE ->
            stage = 1;
            chosen = NONE;
            done = done & ~ME;
            goto operation
        :: else -> chosen = NONE
        fi;
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
        queued = 0; expires = 0; expired = 0; inherit = 0; first = 0; again = 0; urgent = 0;
        stage = 0; expecting = 0; both = 0
    }
}
