"""What is asked of a page from inside: scripts that a browser runs before the page's own."""

READY = """
  window.probe = { lcp_ms: null, form_ms: null };
  new PerformanceObserver(list => { probe.lcp_ms = list.getEntries().at(-1).startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
  const form = () => {
    if (document.querySelector("form.submit button[type=submit]") === null) return false;
    probe.form_ms = performance.now();
    return true;
  };
  const appearing = new MutationObserver(() => form() && appearing.disconnect());
  appearing.observe(document, { subtree: true, childList: true });
"""
"""Notes when the form that submits a recording stands, and the largest paint."""

TIMES = """() => {
  const entries = ["navigation", "resource"].flatMap(kind => performance.getEntriesByType(kind));
  return {
    ...probe,
    fcp_ms: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
    bytes: entries.reduce((sum, each) => sum + each.transferSize, 0),
  };
}"""
"""All that was noted since the navigation began."""

COMPLETED = """
  window.probe = { completed_ms: null, shown_ms: null };
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        if (JSON.parse(data).type === "completed") probe.completed_ms ??= performance.now();
      });
    }
  };
  const appearing = new MutationObserver(() => {
    if (document.querySelector(".sheet-paper svg") === null) return;
    appearing.disconnect();
    requestAnimationFrame(() => { probe.shown_ms = performance.now(); });
  });
  appearing.observe(document, { subtree: true, childList: true });
"""
"""Notes when the job's last event came, and when the score's first page was drawn after it."""

LIGHTS = """
  window.probe = { sent_s: [], lit: [], context: null, audio: null };
  window.AudioContext = class extends AudioContext {
    constructor(...given) { super(...given); probe.context = this; }
  };
  window.Audio = class extends Audio {
    constructor(...given) { super(...given); probe.audio = this; }
  };
  const post = MessagePort.prototype.postMessage;
  MessagePort.prototype.postMessage = function (message, ...rest) {
    if (message?.type === "midi" && (message.midi[0] & 0xf0) === 0x90)
      probe.sent_s.push(message.at_s);
    return post.call(this, message, ...rest);
  };
  const heard_s = () => {
    if (probe.audio && !probe.audio.paused) return probe.audio.currentTime;
    const { contextTime, performanceTime } = probe.context.getOutputTimestamp();
    return contextTime + (performance.now() - performanceTime) / 1000;
  };
  new MutationObserver(changes => {
    for (const { target, oldValue } of changes) {
      if (!target.matches("g.note.sounding") || oldValue?.includes("sounding")) continue;
      probe.lit.push({ id: target.id, heard_s: heard_s() });
    }
  }).observe(document, { subtree: true, attributeFilter: ["class"], attributeOldValue: true });
"""
"""Notes what the sound card plays at the moment in which each note is lit."""
