/*
 * The protocol's state, and the acts it is made of: signal, settle, receive, send, repair, wake.
 *
 * Invariants: `fill`, `ring`, `act` and `sig` change only under their channel's lock; a claim word only
 * by CAS, except a process's own while it holds all the locks of its channels.
 */

#define NONE    255
#define SWEEPER NP                      /* the supervisor's number as a lock owner */
#define VICTIM(p) BIT(VICTIMS & ((1 << NP) - 1), p)

/* The claim word. The case is part of it; the epoch is not needed, because an operation ends only under
 * the locks of all its channels, or, a lone send, after its taker has put the record out, which is the last
 * that the taker does with it: no claimer can hold on to an older one. */
#define WAITING    0
#define CLAIMED(k) (1 + (k))
#define DONE(k)    (3 + (k))
#define IS_DONE(p) (claim[p] >= DONE(0))

#define ME         (1 << me)
#define MINE       (3 << (me * 2))                     /* my two records */
#define OWNER(i)   ((i) / 2)
#define BIT(m, i)  (((m) >> (i)) & 1)
#define CHAN(i)    BIT(ON_B, i)
#define LONE_SEND(p) ((((SENDS) >> ((p) * 2)) & 3) == 1 && (((RECVS) >> ((p) * 2)) & 3) == 0)
#define CAP(c)     ((c) -> CAP_B : CAP_A)
#define USES(p, c) ((((SENDS | RECVS) & ((c) -> ON_B : ~ON_B)) >> ((p) * 2)) & 3 & TURN(p))
/* The cases of the present operation. */
#define TURN(p) (BIT(CHAIN, p) -> 1 << stage : 3)
#define MSG(i)     (1 + (i) + 8 * BIT(second, OWNER(i)))   /* message id: sender's record, epoch */
#ifdef BREAK_EPOCH
#define SAME(m, i) (((m) - 1 & 7) == (i))              /* compares the sender, not the epoch */
#else
#define SAME(m, i) ((m) == MSG(i))
#endif

/* Truth, under the channel's lock. The ring is kept shifted to its front, so head is always 0. */
byte lock[2];               /* 0, or owner + 1; a dead owner stays until the next one repairs */
byte fill[2];                /* tail - head */
byte ring[4];               /* two entries a channel: message ids */
byte act;                   /* waiter records: active */
byte sig;                   /* waiter records of receivers: signalled, and not yet rescanned */

/* Words outside the locks. */
byte claim[NP];             /* by CAS, except a process's own while it holds all its locks */
byte moved;                 /* seq: has it changed since its process read it last? */
byte parked;                /* hint to wakers: may be asleep */
byte asleep;                /* the kernel's side of the futex */
byte pend[NP + 1];          /* pending_wakes, as a mask */
byte late[NP + 1];          /* those of them that wait for a later FUTEX_WAKE: completed senders */
byte quiet;                 /* processes that need not know that their message was taken: they wait for what follows */
byte cancel;                /* cancel words */
byte kills = KILLS;         /* deaths to come */
byte dead;                  /* killed */
byte swept;                 /* dead, and cleaned up after */

/* Ghosts: what really happened, for the assertions only. */
byte second;                /* which processes are in their second operation */
byte done;                  /* this operation has committed a case */
int  sent;                  /* messages committed */
int  got;                   /* messages received */

/* An offer that can be claimed. One that cannot is stale: its select was completed elsewhere. */
#define OFFER(i, c)   (BIT(act, i) && BIT(SENDS, i) && CHAN(i) == (c) && claim[OWNER(i)] == WAITING)
#define WAITS(i, c)   (BIT(act, i) && BIT(RECVS, i) && CHAN(i) == (c))
#define SIGNALLED(i, c) (WAITS(i, c) && BIT(sig, i))

/* The sum of f(i) over all records; COUNT is the same once more, since no macro expands inside itself. */
#if NP > 3
#define SUM(f)   (f(0) + f(1) + f(2) + f(3) + f(4) + f(5) + f(6) + f(7))
#define COUNT(f) (f(0) + f(1) + f(2) + f(3) + f(4) + f(5) + f(6) + f(7))
#else
#define SUM(f)   (f(0) + f(1) + f(2) + f(3) + f(4) + f(5))
#define COUNT(f) (f(0) + f(1) + f(2) + f(3) + f(4) + f(5))
#endif

#define OFFER_NOT_MINE(i) (OWNER(i) != me && OFFER(i, c))
#define QUEUED_NOT_MINE(i) (OWNER(i) != me && BIT(act, i) && BIT(SENDS, i) && CHAN(i) == c)

/* The baton invariant of channel c: signalled >= min(available, waiting), where what a receiver offers
 * itself is not available to it. */
#define OPEN(i)       OFFER(i, c)
#define SIGNALLED_C(i) SIGNALLED(i, c)
#define OPEN_TO(p)    (COUNT(OPEN) - OPEN((p) * 2) - OPEN((p) * 2 + 1))
#define STARVED(i)    (WAITS(i, c) && !BIT(sig, i) && fill[c] + OPEN_TO(OWNER(i)) > COUNT(SIGNALLED_C))
#define BATON_HOLDS   (SUM(STARVED) == 0)
#define SETTLED       (fill[c] >= CAP(c) || SUM(OPEN) == 0)

/*
 * STORE is one shared store, before which a victim may be killed instead. What a process does under
 * locks is one atomic step (GROUP in operation.pml) for those that are not victims: no other process
 * can tell such steps apart, as all they touch is under the locks, but for one access.
 */
#if KILLS > 0
#define STORE(x) atomic { if :: kills > 0 && VICTIM(me) -> goto killed :: true fi; x }
#else
#define STORE(x) x
#endif

#define OPTION_OFFER(i) :: OFFER(i, c) && OWNER(i) != without -> cand = i
#define OPTION_RECEIVER(i) :: WAITS(i, c) && !BIT(sig, i) && OWNER(i) != me -> cand = i

/* Any claimable offer (the lists' order does not matter to the properties, so every order is covered). */
inline pick_offer(without) {
    atomic {
        if
        OPTION_OFFER(0)
        OPTION_OFFER(1)
        OPTION_OFFER(2)
        OPTION_OFFER(3)
        OPTION_OFFER(4)
        OPTION_OFFER(5)
#if NP > 3
        OPTION_OFFER(6)
        OPTION_OFFER(7)
#endif
        :: else -> cand = NONE
        fi
    }
}

/* Signal one receiver of c that is not signalled yet: the target is recorded first, so that the sweep
 * can repeat the wake; seq is bumped before the unlock. The state change follows in the caller. */
inline signal_one() {
    atomic {
        if
        OPTION_RECEIVER(0)
        OPTION_RECEIVER(1)
        OPTION_RECEIVER(2)
        OPTION_RECEIVER(3)
        OPTION_RECEIVER(4)
        OPTION_RECEIVER(5)
#if NP > 3
        OPTION_RECEIVER(6)
        OPTION_RECEIVER(7)
#endif
        :: else -> cand = NONE
        fi
    }
    if
    :: cand != NONE ->
        urgent = 1;
#ifndef BREAK_WAKE_ORDER
        STORE(pend[me] = pend[me] | (1 << OWNER(cand)));
#endif
        STORE(sig = sig | (1 << cand));
#ifdef BREAK_WAKE_ORDER
        STORE(pend[me] = pend[me] | (1 << OWNER(cand)));
#endif
    :: else
    fi;
    cand = 0
}

/* The ghost of a commit for the owner of record i. */
inline committed(i) {
    assert(!BIT(done, OWNER(i)));                      /* one case an operation */
    done = done | (1 << OWNER(i))
}

inline ghost_sent(i) {
    assert(!BIT(sent, MSG(i)));                        /* never sent twice */
    sent = sent | (1 << MSG(i));
    committed(i)
}

/* Claims offer `cand`; false if another was faster. */
#ifdef BREAK_CLAIM
#define CLAIM claim[OWNER(cand)] = CLAIMED(cand & 1)           /* a store where a CAS is needed */
#else
#define CLAIM atomic { claim[OWNER(cand)] == WAITING -> STORE(claim[OWNER(cand)] = CLAIMED(cand & 1)) }
#endif

/* The owner of `cand` is to be woken: recorded, and its seq bumped, before the state change that it must see (it
 * looks again under the lock, or sees that its record is not out yet). */
#ifdef BREAK_WAKE_ORDER
#define TARGET_FIRST skip
#define TARGET_LAST STORE(pend[me] = pend[me] | (1 << OWNER(cand)))
#else
#define TARGET_FIRST STORE(pend[me] = pend[me] | (1 << OWNER(cand))); STORE(moved = moved | (1 << OWNER(cand)))
#define TARGET_LAST skip
#endif

/* Who has completed a sender puts its record out. A lone sender may then go on without the lock. */
inline withdraw() {
    assert(IS_DONE(OWNER(cand)));
    STORE(act = act & ~(1 << cand))
}

/* While there is space, completes waiting senders of c: claim, write, tail++, DONE. */
inline settle() {
    do
    :: fill[c] < CAP(c) ->
        pick_offer(NONE);
        if
        :: cand == NONE -> break
        :: else ->
            if
            :: CLAIM ->
                TARGET_FIRST;
                STORE(ring[c * 2 + fill[c]] = MSG(cand));
                STORE(d_step { fill[c]++; ghost_sent(cand) });         /* commit */
                STORE(claim[OWNER(cand)] = DONE(cand & 1));
                withdraw();
                TARGET_LAST
#ifndef BREAK_CLAIM
            :: else                                                    /* lost the race: look again */
#endif
            fi
        fi
    :: else -> break
    od;
    cand = 0
}

/* Before a case of one's own commits, one's queued offers cease to be claimable: else, after one's
 * death, another case of the same select could be taken too. A plain store: all locks are held. */
inline own_claim(i) {
#ifndef BREAK_OWN
    if
    :: queued -> STORE(claim[me] = CLAIMED((i) & 1))
    :: else
    fi
#else
    skip
#endif
}

inline receive(i) {
    do
    :: fill[c] > 0 ->
        own_claim(i);
        STORE(d_step {                                                 /* copy; head++ is the commit */
            msg = ring[c * 2];
            assert(!BIT(got, msg));
            got = got | (1 << msg);
            msg = 0;
            ring[c * 2] = ring[c * 2 + 1];
            ring[c * 2 + 1] = 0;
            fill[c]--;
            committed(i);
            chosen = (i) & 1
        });
        settle();
        break
    :: else ->
        pick_offer(me);                                                /* never match oneself */
        if
        :: cand == NONE -> break
        :: else ->
            if
            :: CLAIM ->
                own_claim(i);
                if
                :: BIT(quiet, OWNER(cand))
                :: else -> TARGET_FIRST
                fi;
                STORE(d_step {                                         /* copied; DONE is the commit */
                    claim[OWNER(cand)] = DONE(cand & 1);
                    ghost_sent(cand);
                    assert(!BIT(got, MSG(cand)));
                    got = got | (1 << MSG(cand));
                    committed(i);
                    chosen = (i) & 1
                });
                withdraw();
                TARGET_LAST;
                break
#ifndef BREAK_CLAIM
            :: else
#endif
            fi
        fi
    od;
    cand = 0
}

inline send(i) {
    settle();
    if
    :: IS_DONE(me) -> chosen = claim[me] - DONE(0)                     /* settle moved my own offer */
#ifdef BREAK_STALE
    :: !IS_DONE(me) && fill[c] < CAP(c) && SUM(QUEUED_NOT_MINE) == 0 ->
#else
    :: !IS_DONE(me) && fill[c] < CAP(c) ->
#endif
        own_claim(i);
#ifndef BREAK_WAKE_ORDER
        signal_one();
#endif
        STORE(ring[c * 2 + fill[c]] = MSG(i));
        STORE(d_step { fill[c]++; ghost_sent(i); chosen = (i) & 1 });  /* commit */
#ifdef BREAK_WAKE_ORDER
        signal_one()
#endif
    :: else
    fi
}

inline attempt(i) {
    c = CHAN(i);
    if
    :: BIT(RECVS, i) -> receive(i)
    :: BIT(SENDS, i) -> send(i)
    :: else
    fi;
    c = 0
}

/*
 * Repair of c after EOWNERDEAD, by whoever got the lock. A claim CLAIMED for a case on c is the dead
 * owner's. Receivers need no new signal: whoever was to be signalled was recorded before the change. If
 * the repairer is killed too, the next one starts again.
 */
inline repair() {
    if
    :: fill[c] < CAP(c) -> STORE(ring[c * 2 + fill[c]] = 0)            /* written, but no tail++ */
    :: else
    fi;
    k = 0;
    do
    :: k < 2 * NP ->
        if
        :: BIT(act, k) && BIT(SENDS, k) && CHAN(k) == c && claim[OWNER(k)] == CLAIMED(k & 1) ->
            cand = k;
#ifdef BREAK_REVERT
            if
            :: fill[c] > 0 && SAME(ring[c * 2 + fill[c] - 1], k) -> TARGET_FIRST
            :: else                                                    /* the owner is not woken */
            fi;
#else
            TARGET_FIRST;
#endif
            STORE(claim[OWNER(k)] =
                (fill[c] > 0 && SAME(ring[c * 2 + fill[c] - 1], k) -> DONE(k & 1) : WAITING));
            TARGET_LAST;
            cand = 0
        :: else
        fi;
        k++
    :: else -> break
    od;
    k = 0;
#ifdef BREAK_REPAIR
    skip
#else
    settle()
#endif
}

/* A dead owner's lock is had like a free one, but says so (EOWNERDEAD). */
inline acquire(x) {
#if KILLS > 0
    atomic {
        if
        :: lock[x] == 0 -> lock[x] = me + 1
        :: lock[x] != 0 && BIT(dead, lock[x] - 1) -> lock[x] = me + 1; inherit = 1
        :: kills > 0 && VICTIM(me) -> goto killed
        fi
    }
#else
    atomic { lock[x] == 0 -> lock[x] = me + 1 }
#endif
}

inline release(x) {
    STORE(d_step {
        c = x;
#if KILLS == 0
        assert(BATON_HOLDS);
        assert(SETTLED);
#endif
        c = 0;
        lock[x] = 0
    })
}

/* From here on the sender is told when its message is taken. */
inline insist() {
#ifndef BREAK_INSIST
    acquire(CHAN(me * 2));
#if KILLS > 0
    if
    :: inherit -> c = CHAN(me * 2); repair(); inherit = 0; STORE(moved = moved | pend[me]); c = 0
    :: else
    fi;
#endif
    STORE(quiet = quiet & ~ME);
    release(CHAN(me * 2))
#else
    skip
#endif
}

/* After the unlock: FUTEX_WAKE for those that may be asleep, and for those that were put off. */
inline wake_pending() {
#ifdef BREAK_SWAP
    STORE(d_step { wakes = pend[me] & parked; parked = parked & ~wakes });     /* hides it from the sweep */
#elif !defined(BREAK_PARKED)
    wakes = (pend[me] | late[me]) & parked;
#endif
    STORE(d_step { asleep = asleep & ~wakes; wakes = 0 });
    STORE(d_step { pend[me] = 0; late[me] = 0 });
    urgent = 0
}

/* After a receive, when only completed senders are to be woken: now, or not before this process parks, wakes
 * somebody else, or ends. They are noted and bumped already; it is one list, so that no store is needed. */
#if defined(BREAK_PARKED) || defined(BREAK_SWAP)
#define wake_or_defer() wake_pending()
#else
inline wake_or_defer() {
    if
    :: wake_pending()
    :: chosen != NONE && BIT(RECVS, me * 2 + (chosen & 1)) && !urgent && pend[me] != 0 ->
        d_step { late[me] = late[me] | pend[me]; pend[me] = 0 }
    fi
}
#endif
