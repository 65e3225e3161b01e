// The names of all fault points, by file. Each stands once in the code; Scripts/kill-test compares.

enum FaultPoint: UInt16, CaseIterable {
    // Arena/Arena.swift
    case arenaGrowTotalCommitted, arenaGrowCommitted, arenaRecountTotalCommitted, arenaRefillHoles, arenaSetHoles
    // Arena/Blocks.swift
    case blocksAllocateLength, blocksAllocateEnds, blocksAllocateEndsCount, blocksSmallBitmap,
        blocksSmallSizeClass, blocksSmallFreeBlocks, blocksSmallListed, blocksSmallState, blocksSmallMisordered,
        blocksSmallOwner, blocksSmallBits, blocksSmallFreeBlocks2, blocksFreeSmallBitmap, blocksFreeSmallOwner,
        blocksFreeSmallFreeBlocks, blocksLinkNext, blocksLinkPrev, blocksLinkPrev2, blocksLinkPartial,
        blocksLinkListed, blocksUnlinkNext, blocksUnlinkPartial, blocksUnlinkPrev, blocksUnlinkListed,
        blocksUnlinkNext2, blocksUnlinkPrev2, blocksRebuildPartial, blocksRebuildFreeBlocks,
        blocksRebuildListed, blocksRebuildNext, blocksRebuildPrev, blocksRunOwner, blocksRunState, blocksRunRun,
        blocksRunState2, blocksTakeChunksChunkUsed, blocksTakeChunksChunkHint, blocksGiveChunkState,
        blocksGiveChunkChunkHint, blocksFreeRunState, blocksFreeRunOwner, blocksFreeRunState2,
        blocksFreeRunChunkHint, blocksRebuildChunksState, blocksRebuildChunksChunkHint, inFlightAddList,
        inFlightAddInflightOverflow, inFlightRemoveList
    // Arena/Holes.swift
    case holesTakeState, holesTakeChunksFree, holesTakeChunksSpare, holesNoteChunksFree, holesNoteTrimWanted,
        holesRecountChunkUsed, holesRecountChunksFree, holesRecountChunksSpare, holesRecountTrimWanted,
        holesPunchState,
        holesPunchChunksFree, holesPunchChunksSpare, holesTurnChunksSpare, holesTurnTrimWanted
    // Arena/Objects.swift
    case objectsLockRepaired, objectsLockTaken, objectsUnlockReleased, lockSetAddSet, lockSetAddFurtherSet,
        lockSetAddFurtherLocksetOverflow, lockSetRemoveSet, lockSetRemoveFurtherSet,
        lockSetRemoveFurtherLocksetOverflow
    // Arena/Pool.swift
    case poolTakeUsed, poolTakeLive, poolGiveNextFree, poolGiveFreeFirst, poolGiveLive, poolRebuildUsed,
        poolRebuildNextFree, poolRebuildFreeFirst, poolRebuildLive, poolTakeObjectGeneration,
        poolTakeObjectMaker, poolTakeObjectObjectIntent, poolTakeObjectKind, poolGiveObjectGeneration,
        poolGiveObjectGeneration2, poolGiveObjectKind, poolClearFlags, poolClearCapacity, poolClearHead,
        poolClearTail, poolClearRing, poolClearTicket, poolClearSendFirst, poolClearSendLast,
        poolClearSendCount, poolClearRecvFirst, poolClearRecvLast, poolClearRecvCount, poolClearSignalled,
        poolClearEndsFirst, poolClearReaders, poolClearWriters, poolClearReadersLent, poolClearHolders,
        poolClearPeer, poolClearLine, poolClearZero, poolClearZero2, poolClearReserved, poolTakeEndObject,
        poolTakeEndFlags, poolTakeEndRefused,
        poolTakeEndReserved2, poolTakeEndOwnNext, poolTakeEndOwnPrev, poolTakeEndObjectNext,
        poolTakeEndObjectPrev, poolTakeEndOwner, poolGiveEndOwner, poolTakeRecordActive, poolTakeRecordObject,
        poolTakeRecordChain, poolTakeRecordRecordIntent, poolTakeRecordOwner, poolTakeRecordRecords,
        poolTakeRecordRecordIntent2, poolGiveRecordOwner
    // Arena/RobustLock.swift
    case robustLockTaken, robustLockReleased, robustLockRepaired
    // Channel/Channels.swift
    case channelsMakeCapacity, channelsMakeObjectIntent, channelsMakePipeCapacity, channelsMakePipeCapacity2,
        channelsMakePipePeer, channelsMakePipePeer2, channelsMakePipeObjectIntent, channelsHoldObjectIntent,
        channelsPoisonFlags
    // Channel/Choice.swift and Channel/Records.swift
    case choiceVoidOffersClaim, choiceEnqueueDirection2, choiceEnqueueMessage2, choiceEnqueueObject2,
        choiceEnqueueActive, choiceEnqueueDirection3, choiceLeaveActive, choiceLeaveClaim, recordsGiveBackRecords,
        choiceForgetClaimClaim, choiceNewEpochEpoch, choiceNewEpochClaim, choiceFillObject, choiceFillEpoch,
        choiceFillCaseIndex, choiceFillSole, choiceFillUntimed, choiceFillLength, choiceFillMessage,
        choiceFillEnded, choiceOfferDirection, choiceOfferInBlock, choiceOfferBlockRef, choiceOfferInBlock2,
        choiceOfferCopy, choiceFillSequel, choiceAcceptDirection, choiceAcceptClaim, choiceExpectDirection,
        choiceInsistSequel
    // Channel/Repair.swift
    case repairObjectPoisoned, repairEndsEndsFirst, repairEndsReaders, repairEndsWriters, repairEndsReadersLent,
        repairEndsHolders, repairClaimsOwner, repairClaimsClaim, repairRingOwner, repairRingOwner2,
        repairListsSendFirst, repairListsSendLast, repairListsSendCount, repairListsRecvFirst,
        repairListsRecvLast, repairListsRecvCount, repairListsSignalled, repairListsTicket,
        repairListsSignalled2, repairListsSendCount2, repairListsRecvCount2
    // Channel/Ring.swift
    case ringMoveCopy, ringMoveOwner, ringMoveRing, ringMoveOwner2, ringPushMisordered, ringPushMessage,
        ringPushLength, ringPushInBlock, ringPushCopy, ringPushTail, ringPushInBlock2, ringPushBlockRef,
        ringPushTail2, ringPushOwner, ringPopMisordered, ringPopHead, ringDiscardOldestOwner,
        ringDiscardOldestHead
    // Channel/Waiting.swift
    case waitingAppendNext, waitingAppendPrev, waitingAppendNext2, waitingPrependPrev, waitingPrependNext,
        waitingPrependPrev2, waitingUnlinkNext, waitingUnlinkPrev, waitingUnlinkNext2, waitingUnlinkPrev2,
        waitingEnqueueTicket, waitingEnqueueTicket2, waitingEnqueueSignalled, waitingEnqueueEnded,
        waitingEnqueueActive, waitingEnqueueSendCount, waitingEnqueueRecvCount, waitingWithdrawSendCount,
        waitingWithdrawSignalled, waitingWithdrawRecvCount, waitingWithdrawActive, waitingWithdrawSignalled2,
        waitingStepAsideSignalled, waitingStepAsideSignalled2, waitingStepAsideRecvCount,
        waitingStepBackRecvCount, waitingSignalNextRecvCount, waitingSignalNextSignalled,
        waitingSignalNextSignalled2, waitingSettleClaim, waitingSettleMessage, waitingSettleLength,
        waitingSettleInBlock, waitingSettleCopy, waitingSettleTail, waitingSettleOwner, waitingSettleClaim2,
        waitingTakeOfferClaim, waitingTakeOfferClaim2
    // Ends/Ends.swift
    case endsAttachEndIntent, endsAttachObjectGeneration, endsAttachRight, endsAttachObject, endsLinkOwnPrev,
        endsLinkOwnNext, endsLinkWord, endsLinkOwnPrev2, endsUnlinkWord, endsUnlinkOwnNext, endsUnlinkOwnPrev,
        endsEnterObjectPrev, endsEnterObjectNext, endsEnterObjectPrev2, endsEnterEndsFirst, endsEnterMaker,
        endsEnterReaders, endsEnterReadersLent, endsEnterWriters, endsEnterHolders, endsEnterEndGen,
        endsIntendOwner, endsIntend, endsDetachObject, endsDetachEndIntent2, endsLeaveObjectNext,
        endsLeaveEndsFirst, endsLeaveObjectPrev, endsLeaveReaders, endsLeaveReadersLent, endsLeaveWriters,
        endsLeaveHolders, endsLeaveEndGen, cleanupAbandonMaker, cleanupAbandonOwner, cleanupResumeMaker,
        cleanupDestroyIfUnusedPeerFlags, cleanupDestroyIfUnusedPeerMaker, cleanupDestroyIfUnusedFlags,
        cleanupDestroyIfUnusedMaker, cleanupDisposeOwner, cleanupDisposeRing
    // Ends/Messages.swift
    case messagesMakeCopy, messagesAdoptEndsEnds, messagesAdoptEndsOwner, messagesAdoptEndsOwnPrev,
        messagesAdoptEndsEndIntent2, messagesAdoptEndsEndGen
    // Ends/Streams.swift
    case streamsFoundObjectNext, streamsFoundObjectPrev, streamsFoundObjectPrev2, streamsFoundObjectNext2,
        streamsFoundObjectPrev3, streamsFoundEndsFirst, streamsEvaluateEnded
    // Manager/Manager.swift
    case managerRingManagerBits, managerRingManagerSummary, managerRequestWorkManagerWork,
        managerWakeManagerWanted, managerSweepClientWord, managerSweepClientWithdrawn,
        managerSweepManagerOutBlock, managerSweepManagerManagerWork, managerSweepManagerManager,
        managerReclaimOwner, managerDisposeReserved
    // Manager/ManagerClient.swift
    case runtimeMakeManagedLog, runtimeManagedCallBracket, managerClientCallCopy, managerClientCallRequestCount,
        managerClientCallRequestBlock, managerClientCallRequestLength, managerClientCallRequestObject,
        managerClientCallAttempts, managerClientCallPending, managerClientCallWord, managerClientCallWord2,
        managerClientCallWord3, managerClientCallWord4, managerClientTakeOwner, managerClientTakeRequest
    // Manager/ManagerLog.swift
    case managerLogFillW, managerLogFillW2, managerLogFillW3, managerLogFillW4, managerLogFillCopy,
        managerLogAppendWords, managerLogAppendAppendBlock, managerLogReplaceDropping, managerLogReplaceLog,
        managerLogReplaceAppendBlock, managerLogAnnounceAppendObject, managerLogAnnounceAppendBlock,
        managerLogResumeDropping, managerLogSweepFreeingOwner, managerLogFreeOwner, managerLogFreeWord,
        managerLogSaveSaveBlock,
        managerLogSaveSaveVersion, managerLogRollBackDropping, managerLogRollBackWords,
        managerLogSweepAppendAppendBlock
    // Manager/ManagerServer.swift
    case managerServerServeManagerWork, managerServerServeManager, managerServerServeManagerWork2,
        managerServerAnswerRequestsManagerSummary, managerServerAnswerRequestsManagerBits,
        managerServerTakeWord, managerServerExecuteLockIntent, managerServerExecuteLockIntent2,
        managerServerExecuteLockIntent3, managerServerRunWord, managerServerRunWord2,
        managerServerRespondRequest, managerServerDeliverCopy, managerServerDeliverOutClient,
        managerServerDeliverOutBlock, managerServerDeliverOwner, managerServerDeliverReplied,
        managerServerDeliverOutBlock2
    // Deadlock/Snapshot.swift (it stores nothing there, but may be late)
    case snapshotReadWaitsSlot
    // Output/Input.swift
    case inputReadLineInputStart, inputReadLineInputEnd, inputReadLineInputStart2, inputReadLineInputEnd2,
        inputReadLineInputEof
    // Output/OwnerLock.swift
    case ownerLocksAcquireWord, ownerLocksAcquireWaiters, ownerLocksAcquireNoWaiter, ownerLocksAcquireWord2,
        ownerLocksReleaseWord, ownerLocksReleaseWaiters
    // Process/Cancellation.swift
    case cancellationRequestJoined, cancellationMarkCancelDeadline, cancellationMarkCancel,
        cancellationMarkCancelSent, cancellationKillJoined, cancellationKillKillRequest,
        cancellationKillKillBit, cancellationWaitExternalExternal, cancellationWaitExternalExternal2,
        cancellationWaitExternalRunning, cancellationWaitExternalRunning2, cancellationWaitExternalExternal3
    // Process/Children.swift
    case childrenTidyReaped, childrenReapWatch, childrenReapNowWatch, childrenReapNowReaped,
        childrenFreeSlotOwner, childrenFreeSlotExitBlock
    // Process/GiveWay.swift
    case giveWayPauseTurnPause, giveWayPauseTurnsAfter
    // Process/Join.swift
    case joinWatchWatchesForeign, joinWatchForeignWaiters, joinAwaitAnyWaitObject, joinFirstEndedAwaitedGroup,
        joinEnterGroupAwaitedGroup, joinEnterGroupJoinGroup, joinRegisterForeignObject,
        joinRegisterForeignDirection, joinRegisterForeignMessage, joinRegisterForeignActive,
        joinLeaveForeignActive, lendingEnterParallelFlags, lendingEnterParallelFlags2, lendingBeginFlags,
        lendingBeginFlags2, lendingBeginReadersLent, lendingBeginEndGen, lendingEndFlags, lendingEndReadersLent,
        lendingEndEndGen, lendingEndFlags2
    // Process/Parker.swift
    case parkerParkParked, parkerParkRunning, parkerParkParked2, parkerPostPending, parkerPostPendingCount,
        parkerPostSeq, parkerDeliverParked, parkerDeliverRunning, parkerDeliverPendingCount,
        parkerRepeatWakeSeq, parkerRepeatWakeParked, parkerWakePublished, kickSupervisorKicks
    // Process/ProcessTable.swift
    case processTableReserveSlotFreeHint, processTableReserveFresh, processTableReserveSlotUsed,
        processTableReserveGeneration, processTableReservePid, processTableReserveZero,
        processTableReserveEndedBit, processTableReserveParent, processTableReserveParentGeneration,
        processTableReserveBirthIntent, processTableReserveState, processTableReserveSlotFreeHint2,
        processTableNoteEndBit, processTableFreeSlotFreeHint, processTableFreeState,
        processTableFreeSlotFreeHint2, processTableSetNameZero, processTableSetNameShort
    // Process/Spawn.swift
    case spawnCreateStartLine, spawnCreateBirth, spawnCreateBeforeFork, spawnCreateForked, spawnCreatePid,
        spawnAnnounceBirths, spawnAnnounceBirthSummary, newbornBeginUnprotected, newbornBeginPid,
        newbornBeginState, newbornBeginRunning, finishProcessState, finishProcessFailOrder,
        finishProcessExitInline, finishProcessExitStatus, finishProcessExitBlock, finishProcessExitKind,
        finishProcessRunning,
        finishProcessEnded, finishProcessState2, finishAwaitChildrenUnjoinedFailure
    // Process/Supervisor.swift
    case supervisorTakeKicksKicks, supervisorKillNowWatch, supervisorKillNowWatch2, supervisorKillRequestedKillRequest
    // Process/Watch.swift
    case watchNewbornBirthSummary, watchNewbornBirths, watchSlotWatch, watchSlotWatch2, watchSlotWatch3
    // Process/Burial.swift
    case burialBuryRunning, burialBuryState, burialBuryFailOrder, burialBuryExitBlock, burialBurySwept,
        burialBuryExitSignal, burialBuryExitStatus, burialBuryExitKind, burialBuryState2, burialAdoptOrphansState,
        burialPublishEndState
    // Manager/ManagerProcess.swift
    case managerProcessStartService
    // Process/Sweep.swift
    case sweepProcessCancelDeadline, sweepRepeatWakesPendingCount, sweepRepairLocksLockset,
        sweepRepairLocksLocksetOverflow, sweepWithdrawRecordsActive, sweepWithdrawRecordsRecords,
        sweepIntentsOwnNext, sweepIntentsOwnPrev, sweepIntentsEndIntent, sweepIntentsRecordIntent,
        sweepIntentsObjectIntent, sweepBlocksInflight, sweepBlocksInflightOverflow
    // Process/WaitRecord.swift
    case waitRecordBeginWaitKind, waitRecordBeginWaitFlags, waitRecordBeginWaitLine, waitRecordBeginWaitTryDepth,
        waitRecordBeginWaitObject, waitRecordBeginWaitSeq, waitRecordBeginWaitSince, waitRecordBeginWaitGen,
        waitRecordEndWaitGen, waitRecordCollectIfAskedCancel, waitRecordBeginVerdict,
        waitRecordVerdictVerdict
    // Process/Wakes.swift
    case wakesAttendOutputCancel, wakesBeginCancel, wakesDeliveredCancel, wakesCalibrateTicksPerUs
    // Shared/SharedHooks.swift
    case sharedHooksHolderLeavesLostHolder, sharedHooksDisposeRing
    // Shared/SharedVariables.swift
    case runtimeMakeSharedCapacity, runtimeMakeSharedReserved, runtimeMakeSharedRing, runtimeEndUpdateBracket,
        sharedEndAccessLockIntent, sharedMakeObjectIntent, sharedMakeObjectIntent2
    // Shared/SharedWords.swift
    case sharedGiveOwner, sharedFreeOwnedOwner
    // Shared/UndoLog.swift
    case undoLogNoteUndoValue, undoLogNoteUndoValid, undoLogNotePageZero, undoLogNotePageUndoDirectory,
        undoLogNotePageUndoPages, undoLogNotePageWords, undoLogNotePageCopy, undoLogNotePageUndoPages2,
        undoLogNotePageDirectory, undoLogCommitUndoValid, undoLogCommitCommitted, undoLogCommitCommitted2,
        undoLogRollBackValue, undoLogRollBackUndoValid, undoLogRollBackCopy, undoLogRollBackOwner,
        undoLogRollBackCommitted,
        undoLogDiscardUndoDirectory, undoLogDropPagesDirectory, undoLogDropPagesOwner, undoLogDropPagesUndoPages
    // Sync/Barrier.swift
    case barrierWaitClosedPhase, barrierLetPassPhase, barrierCloseIfHopelessClosedPhase
    // Sync/Event.swift
    case eventSetSetCount, eventSetIsSet, eventClearIsSet
    // Sync/Semaphore.swift
    case semaphoreSetJournalValues, semaphoreSetJournalEntry, semaphoreApplyPermits, semaphoreApplyReserved2,
        semaphoreApplyJournalEntry
    // Sync/Synchronisation.swift, API/Runtime.swift
    case runtimeMakeBarrierParties, runtimeMakeSemaphorePermits, runtimeMarkJoinedJoined
    // Sync/UserLock.swift
    case userLockTryTakeLock, userLockAcquireWord, userLockAcquireWord2, userLockWaitTaken, userLockWaitWaiters,
        userLockReleaseLock, userLockPassOnWord, userLockPassOnWord2, userLockHoldHeld,
        userLockHoldUserLockHead, userLockHoldLockIntent, userLockAddDepthWord, userLockReleaseGroupCommit,
        userLockReleaseGroupCommit2, userLockReleaseOneLockIntent, userLockReleaseOneUserLockHead,
        userLockReleaseOneWord, userLockReleaseOneHeld, userLockReleaseOneLockIntent2,
        userLockReleaseAllBracket, userLockSweepHeld, userLockSweepUserLockHead, userLockSweepCommit,
        userLockSweepWord, userLockHandToRollbackLock, userLockRepairLock
    // Sync/WaitQueue.swift
    case waitQueueSetQueue, waitQueueSetLinksLinks, waitQueueSetFlagsWord, waitQueueEnterTicket,
        waitQueueEnterTicket2, waitQueueEnterWaitState, waitQueueEnterWaitsAt, waitQueueEnterWaitingCount,
        waitQueueLeaveWaitsAt, waitQueueRebuildWaitingCount, waitQueueRebuildWaitingCount2,
        waitQueueUnlinkWaitingCount
}
