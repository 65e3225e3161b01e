// What the text shows of a channel that cannot work: one process alone sends to itself, or one side is missing.
//
// Invariants
// - What is reported is certain. As soon as a channel goes somewhere that is not followed (into a list or a message, to
//   unknown code), nothing is said of it.
// - Nothing is said of communications that end by themselves or are meant to fail: with a timeout, in a `select` that has
//   another way out, inside `try ... catch`.

/// What is done with one channel or queue, or with those of one array.
struct ChannelUses {
    let binding: Binding
    /// A send waits for its receiver.
    let isRendezvous: Bool
    /// Every mention of the name.
    var mentions = 0
    /// Statements `c ! v` and `c ? x`.
    var sends: [Span] = []
    var receives: [Span] = []
    /// Where it is read or written, or becomes an argument that may be.
    var uses: [(usage: Usage, span: Span)] = []
    var isClosed = false
    /// Only looked at, in some place: `len(q)`, `q.empty`.
    var isLookedAt = false
    /// Some communication ends even if nobody is at the other side.
    var isGuarded = false

    init(binding: Binding, isRendezvous: Bool) {
        self.binding = binding
        self.isRendezvous = isRendezvous
    }
}

extension Resolver {
    /// `let c = channel(...)`.
    func noteMadeChannel(_ declaration: Declaration) {
        guard case .makeChannel(let kind, let capacity)? = declaration.value?.kind, kind != .pipe,
            case .name(let name) = declaration.pattern.kind, let binding = name.binding, binding.kind == .constant
        else { return }
        channelUses[ObjectIdentifier(binding)] = ChannelUses(
            binding: binding, isRendezvous: kind == .channel && capacity == nil)
    }

    func noteChannelUse(_ binding: Binding, _ usage: Usage, _ span: Span) {
        let id = ObjectIdentifier(binding)
        guard var known = channelUses.removeValue(forKey: id) else { return }
        known.mentions += 1
        known.isGuarded = known.isGuarded || guardDepth > 0 || !isPatient
        known.isClosed = known.isClosed || isClosing
        switch usage {
        case .rights(.hold):
            known.isLookedAt = known.isLookedAt || !isClosing
        default: known.uses.append((usage, span))
        }
        channelUses[id] = known
    }

    func noteCommunication(_ channel: Expr, _ note: (inout ChannelUses) -> Void) {
        guard case .name(let name) = channel.kind, let binding = name.binding else { return }
        let id = ObjectIdentifier(binding)
        guard var known = channelUses.removeValue(forKey: id) else { return }
        note(&known)
        channelUses[id] = known
    }

    /// An unbuffered channel whose every use is a statement of the process that declares it.
    func warnSelfCommunication() {
        guard !moduleScope.isInteractive, !moduleScope.isImported else { return }
        for uses in channelUses.values {
            guard uses.isRendezvous, !uses.binding.isCaptured, let send = uses.sends.first,
                let receive = uses.receives.first, uses.mentions == uses.sends.count + uses.receives.count
            else { continue }
            let isSend = send.start < receive.start
            report(
                .warning, .selfCommunication,
                "no other process uses `\(uses.binding.name)`, so this \(isSend ? "send" : "receive") waits forever",
                isSend ? send : receive,
                more: [.init(isSend ? receive : send, isSend ? "received by the same process" : "sent by the same process")],
                help: isSend
                    ? ["`channel \(uses.binding.name)(1)` keeps a value until it is received"]
                    : ["a process is created by `start { ... }` or in `parallel { ... }`"])
        }
    }

    /// A channel that is read and never written, or the reverse. Call it when the rights of all functions are settled.
    func warnOneSidedChannels() {
        // After an error the other side may be what the error is about.
        guard !moduleScope.isInteractive, !diagnostics.hasErrors else { return }
        for uses in channelUses.values where !uses.isGuarded {
            let binding = uses.binding
            if binding.isGlobal, moduleScope.isImported { continue }
            let id = ObjectIdentifier(binding)
            let isArray = binding.kind == .channelArray || binding.kind == .queueArray
            var rights = functions.reduce(into: Rights.hold) { $0.formUnion($1.uses[id]?.rights ?? .hold) }
            if isArray, rights.contains(.elements(at: 0)) { rights.formUnion(.both) }
            let isRead = rights.isSuperset(of: .read)
            guard isRead != rights.isSuperset(of: .write), isRead ? !uses.isClosed : !uses.isLookedAt else { continue }
            let wanted: Rights = isRead ? .read : .write
            guard let place = uses.uses.first(where: { self.rights(of: $0.usage).isSuperset(of: wanted) }) else { continue }
            let name = isArray ? "\(binding.name)[i]" : binding.name
            report(
                .warning, .oneSidedChannel,
                isRead ? "nothing is ever sent to `\(name)`" : "nothing is ever received from `\(name)`", place.span,
                label: isRead ? "received here" : "sent here", more: [.init(binding.span, "declared here")],
                help: [
                    isRead
                        ? "some process must send: `\(name) ! value`, or take it as a parameter `x!`"
                        : "some process must receive: `\(name) ? x`, `for x in \(name)`, or take it as a parameter `x?`"
                ])
        }
    }

    /// Notes the channels that this process declares and that a `select` with another way out receives from.
    func notePolledEnds(_ node: Select, _ closed: Block) {
        for entry in node.cases where entry.condition == nil {
            guard case .receive(let source, _) = entry.action, case .name(let name) = source.kind,
                let binding = name.binding, binding.owner === function
            else { continue }
            polledEnds.append((binding, closed))
        }
    }

    /// A process that declared a channel and never closes it holds its writing end. Where it waits with a bound it could
    /// still send, so that `select` never finds the stream at its end.
    func warnDeafClosed() {
        guard !moduleScope.isInteractive, !diagnostics.hasErrors else { return }
        for (binding, closed) in polledEnds {
            guard let uses = channelUses[ObjectIdentifier(binding)], !uses.isClosed,
                !(binding.isGlobal && moduleScope.isImported),
                uses.uses.allSatisfy({ staysHere($0.usage) })
            else { continue }
            report(
                .warning, .unreachable, "this `closed` never runs: this process holds the writing end of `\(binding.name)` itself",
                closed.span.firstLine(of: module.source), more: [.init(binding.span, "declared by this process, and never closed")],
                help: ["when the others have their ends, give up this one: `\(binding.name).writer.close()`"])
        }
    }

    /// Nobody else could close the end in the name of this process.
    private func staysHere(_ usage: Usage) -> Bool {
        switch usage {
        case .rights(let rights): return rights != .both
        case .argument(let callee, _): return callee.kind == .process
        }
    }

    private func rights(of usage: Usage) -> Rights {
        switch usage {
        case .rights(let rights): return rights
        case .argument(let callee, let parameter):
            // Arguments of unknown functions are not followed.
            return callee.scope == nil ? .both : callee.parameters[parameter].rights
        }
    }
}
