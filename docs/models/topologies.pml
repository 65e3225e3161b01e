/*
 * Topologies. Waiter record i = 2 * process + case. SENDS and RECVS say which records exist and their
 * direction, ON_B which of them are on channel B (the others are on A). They are constants, so they
 * cost no state.
 */
#define R(p, k) (1 << ((p) * 2 + (k)))

#if TOPOLOGY == 1
/* Two senders and two receivers on A. */
#define NP 4
#define SENDS (R(0,0) | R(1,0))
#define RECVS (R(2,0) | R(3,0))
#define ON_B 0
#elif TOPOLOGY == 2
/* Select on both sides, in both directions: A! B? against A? B!, and a third that selects A? B?. */
#define NP 3
#define SENDS (R(0,0) | R(1,1))
#define RECVS (R(0,1) | R(1,0) | R(2,0) | R(2,1))
#define ON_B (R(0,1) | R(1,1) | R(2,1))
#elif TOPOLOGY == 3
/* Three processes, each of which selects A! and A?: everybody may meet everybody but itself. */
#define NP 3
#define SENDS (R(0,0) | R(1,0) | R(2,0))
#define RECVS (R(0,1) | R(1,1) | R(2,1))
#define ON_B 0
#elif TOPOLOGY == 4
/* The baton: 0 selects A? B?, 1 receives A, 2 sends A, 3 sends B. */
#define NP 4
#define SENDS (R(2,0) | R(3,0))
#define RECVS (R(0,0) | R(0,1) | R(1,0))
#define ON_B (R(0,1) | R(3,0))
#elif TOPOLOGY == 5
/* Stale offers: 0 selects A! B!, 1 sends A, 2 receives A, 3 receives B. */
#define NP 4
#define SENDS (R(0,0) | R(0,1) | R(1,0))
#define RECVS (R(2,0) | R(3,0))
#define ON_B (R(0,1) | R(3,0))
#elif TOPOLOGY == 6
/* Select against select against select: 0 and 1 select A! B!, 2 selects A? B?, 3 selects B? A!. */
#define NP 4
#define SENDS (R(0,0) | R(0,1) | R(1,0) | R(1,1) | R(3,1))
#define RECVS (R(2,0) | R(2,1) | R(3,0))
#define ON_B (R(0,1) | R(1,1) | R(2,1) | R(3,0))
#elif TOPOLOGY == 7
/* One sender, two receivers on A. */
#define NP 3
#define SENDS R(0,0)
#define RECVS (R(1,0) | R(2,0))
#define ON_B 0
#elif TOPOLOGY == 8
/* Two senders, one receiver on A. */
#define NP 3
#define SENDS (R(0,0) | R(1,0))
#define RECVS R(2,0)
#define ON_B 0
#elif TOPOLOGY == 9
/* A claim that death reverts: 0 selects A! B!, 1 receives A, 2 receives B. */
#define NP 3
#define SENDS (R(0,0) | R(0,1))
#define RECVS (R(1,0) | R(2,0))
#define ON_B (R(0,1) | R(2,0))
#elif TOPOLOGY == 10
/* A select with both directions of one channel (0: A! A?) between a sender and a receiver of A. */
#define NP 3
#define SENDS (R(0,0) | R(1,0))
#define RECVS (R(0,1) | R(2,0))
#define ON_B 0
#elif TOPOLOGY == 11
/* There and back: 0 sends A and receives B, 1 receives A and sends B, 2 sends B. */
#define NP 3
#define CHAIN 3
#define SENDS (R(0,0) | R(1,1) | R(2,0))
#define RECVS (R(0,1) | R(1,0))
#define ON_B (R(0,1) | R(1,1) | R(2,0))
#elif TOPOLOGY == 12
/* There and back: 0 sends A and receives B, 1 receives A and sends B, 2 receives B. */
#define NP 3
#define CHAIN 3
#define SENDS (R(0,0) | R(1,1))
#define RECVS (R(0,1) | R(1,0) | R(2,0))
#define ON_B (R(0,1) | R(1,1) | R(2,0))
#elif TOPOLOGY == 13
/* A ring: 0 sends A and receives B, 1 receives A and sends B, 2 sends B and receives A. */
#define NP 3
#define CHAIN 7
#define SENDS (R(0,0) | R(1,1) | R(2,0))
#define RECVS (R(0,1) | R(1,0) | R(2,1))
#define ON_B (R(0,1) | R(1,1) | R(2,0))
#endif
#ifndef CHAIN
#define CHAIN 0
#endif
