// What changes comes as whole sections, made and escaped by the server; a section in which text is selected waits.
(() => {
  const live = document.getElementById("live"), boot = document.documentElement.dataset.boot, changed = new Map();
  let source = null, latest = live.querySelector("time").dateTime;

  const clock = (text) => new Date(text).toLocaleTimeString();
  const local = (root) => root.querySelectorAll("time").forEach((time) => {
    time.title = time.dateTime;
    time.textContent = clock(time.dateTime);
  });
  const say = (text, on) => {
    live.textContent = text;
    live.className = on ? "on" : "off";
    document.body.classList.toggle("stale", !on);
  };
  const selected = (place) => {
    const selection = getSelection();
    return selection.rangeCount > 0 && !selection.isCollapsed && selection.containsNode(place, true);
  };
  const put = () => changed.forEach((html, id) => {
    const place = document.getElementById(id);
    if (!place || selected(place)) return;
    place.innerHTML = html;
    local(place);
    changed.delete(id);
  });
  const lost = () => fetch("/health").then(() => location.reload(), () => setTimeout(open, 5000));
  const open = () => {
    if (source) source.close();
    source = new EventSource("/events");
    source.onmessage = (event) => {
      const told = JSON.parse(event.data);
      if (told.boot !== boot) return location.reload();
      latest = told.at;
      Object.entries(told.sections).forEach(([id, html]) => changed.set(id, html));
      put();
      say("live", true);
    };
    source.onerror = () => {
      say(`not connected, as of ${clock(latest)}`, false);
      if (source.readyState === EventSource.CLOSED) setTimeout(lost, 5000);
    };
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) source.close();
    else open();
  });
  addEventListener("pagehide", () => source && source.close());
  addEventListener("pageshow", (event) => event.persisted && open());
  local(document);
  if (!document.hidden) open();
})();
