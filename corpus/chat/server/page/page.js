// The page of `python -m corpus chat --web`. All text goes in by textContent; nothing is asked of
// another host; conversations stay in this browser.

const WORDS = {
  ko: {
    newChat: "새 대화", closeList: "목록 닫기", openList: "대화 목록 열기", search: "대화 찾기",
    conversations: "대화 목록", conversation: "대화", private: "대화는 이 브라우저에만 남아요.",
    reset: "초기화", save: "저장", message: "메시지", send: "보내기", stop: "멈춤", down: "맨 아래로",
    close: "닫기", others: "다른 답", again: "다시", copy: "복사", fix: "고치기", why: "왜?",
    like: "좋아요", dislike: "별로예요", rename: "이름 바꾸기", remove: "지우기", undo: "되돌리기",
    cancel: "취소", done: "완료", fixSend: "고쳐서 보내기", key: "키", ok: "확인",
    asTyped: "그대로 보내기", whyTitle: "왜 이렇게 답했을까요?", keepTitle: "저장",
    keepWhat: "👍를 누르거나 고쳐 쓴 답까지의 대화를 내려받아요. raw/ 폴더에 넣으면 build가 그대로 읽어요.",
    keyTitle: "키가 필요해요", keyWhat: "이 서버를 연 사람에게 받은 키를 넣어 주세요.",
    hello: "무슨 이야기를 할까요?", writing: (name) => `${name}, 쓰는 중`, copied: "복사했어요.",
    saved: "저장했어요.", notSaved: "저장하지 못했어요.", savedBefore: "이미 저장했어요.",
    emptied: "대화를 비웠어요.", removed: "대화를 지웠어요.", cutOff: (n) => `뒤의 메시지 ${n}개를 지웠어요.`,
    full: "저장할 자리가 없어서 가장 오래된 대화를 지웠어요.", noStore: "이 브라우저에는 대화를 저장할 수 없어요.",
    tooMany: "대화가 50개를 넘어서 가장 오래된 것을 지웠어요.", nothingFound: "찾은 대화가 없어요.",
    stopped: "멈췄어요.", offline: "서버에 연결할 수 없어요.", busy: "지금은 기다리는 사람이 많아요.",
    tooOften: "잠시 뒤에 다시 보내 주세요.", slow: "답이 너무 오래 걸려서 멈췄어요.",
    failed: "답을 만들지 못했어요.", refused: (why) => `보낼 수 없어요: ${why}`,
    otherModel: (model) => `여기부터 다른 모델 (${model})`, seenFrom: "모델은 여기부터 기억해요", edited: "고쳐 씀",
    cut: (n) => `앞의 ${n}자는 모델이 읽지 못했어요.`, you: "나", 
    noOthers: "다른 답이 없어요.", keepChats: (n) => `대화 ${n}개 (chats.jsonl)`,
    keepPreferences: (n) => `고른 답 ${n}개 (preferences.jsonl)`,
    read: "모델이 읽은 말", typed: "친 그대로", asHangul: "한글로 바꾸면", asRead: "모델이 읽은 그대로",
    rules: "바뀐 규칙", tokens: (n) => `토큰 ${n}개`, unknown: (n) => `모델이 모르는 글자가 ${n}개 있어요 (<unk>).`,
    nothingRead: "읽을 수 있는 글자가 없어요.", window: "모델이 본 대화",
    windowIs: (n, t) => `메시지 ${n}개, 토큰 ${t}개를 보고 답했어요.`,
    windowCut: (n) => `그보다 앞의 메시지 ${n}개는 자리가 없어서 보지 못했어요.`,
    windowOut: (n) => `서비스가 답한 말 등 ${n}개는 빼고 봤어요.`,
    replyTokens: "대답의 토큰과 확률", tapToken: "토큰을 누르면 그 자리에 올 수 있었던 다른 토큰이 보여요.",
    candidates: "후보", score: "점수", candidate: "답", state: "상태", taken: "고른 답", good: "괜찮음",
    out: {
      unfinished: "끝맺지 못함", empty: "글자가 없음", dropped: "개인정보가 들어 있음", bad_word: "나쁜 말",
      parrot: "들은 말을 그대로 따라 함", again: "앞에서 한 말을 또 함", twin: "다른 후보와 같음",
    },
    copies: (n) => n ? `이 대답은 학습 대화에 ${n}번 그대로 있어요.` : "이 대답은 학습 대화에 그대로 있지 않아요.",
    byService: (name) => `모델이 아니라 '${name}' 서비스가 답했어요.`,
    fallback: "보여 줄 수 있는 후보가 없어서 정해 둔 말로 답했어요.", seconds: (s) => `${s}초 걸렸어요.`,
    byPerson: "사람이 고쳐 쓴 답이에요.", wasStopped: "쓰는 도중에 멈춘 답이에요.",
  },
  en: {
    newChat: "New chat", closeList: "Close the list", openList: "Open the list of chats", search: "Search chats",
    conversations: "Chats", conversation: "Chat", private: "Chats stay in this browser.",
    reset: "Clear", save: "Save", message: "Message", send: "Send", stop: "Stop", down: "To the end",
    close: "Close", others: "Others", again: "Again", copy: "Copy", fix: "Edit", why: "Why?",
    like: "Good", dislike: "Bad", rename: "Rename", remove: "Delete", undo: "Undo",
    cancel: "Cancel", done: "Done", fixSend: "Edit and send", key: "Key", ok: "OK",
    asTyped: "Send as typed", whyTitle: "Why this reply?", keepTitle: "Save",
    keepWhat: "Downloads each chat up to its last reply that you liked or corrected. Put the file into raw/: build reads it as it is.",
    keyTitle: "A key is needed", keyWhat: "Enter the key that whoever runs this server gave you.",
    hello: "What shall we talk about?", writing: (name) => `${name} is writing`, copied: "Copied.",
    saved: "Saved.", notSaved: "It could not be saved.", savedBefore: "It is saved already.",
    emptied: "The chat is empty now.", removed: "The chat is deleted.", cutOff: (n) => `${n} later messages are deleted.`,
    full: "There was no room left: the oldest chat is deleted.", noStore: "This browser cannot keep chats.",
    tooMany: "There were more than 50 chats: the oldest is deleted.", nothingFound: "No chat has that.",
    stopped: "Stopped.", offline: "The server cannot be reached.", busy: "Too many are waiting.",
    tooOften: "Please send it again in a while.", slow: "The reply took too long.",
    failed: "There is no reply: something went wrong.", refused: (why) => `It cannot be sent: ${why}`,
    otherModel: (model) => `From here on by another model (${model})`, seenFrom: "The model remembers from here on", edited: "edited",
    cut: (n) => `The model could not read the first ${n} characters.`, you: "You", 
    noOthers: "There are no others.", keepChats: (n) => `${n} chats (chats.jsonl)`,
    keepPreferences: (n) => `${n} preferences (preferences.jsonl)`,
    read: "What the model read", typed: "as typed", asHangul: "in Hangul", asRead: "as the model read it",
    rules: "rules that changed it", tokens: (n) => `${n} tokens`, unknown: (n) => `${n} characters are unknown to the model (<unk>).`,
    nothingRead: "Nothing in it can be read.", window: "What the model saw of the chat",
    windowIs: (n, t) => `It saw ${n} messages, ${t} tokens.`,
    windowCut: (n) => `There was no room for the ${n} messages before them.`,
    windowOut: (n) => `${n} were left out: services answered them.`,
    replyTokens: "Tokens of the reply, and how probable they were", tapToken: "Press a token to see what else could have stood there.",
    candidates: "Candidates", score: "Score", candidate: "Reply", state: "State", taken: "taken", good: "good",
    out: {
      unfinished: "unfinished", empty: "empty", dropped: "personal data", bad_word: "bad word",
      parrot: "repeats you", again: "said before", twin: "same as another",
    },
    copies: (n) => n ? `This reply stands word for word in the training data ${n} times.` : "This reply does not stand word for word in the training data.",
    byService: (name) => `The service '${name}' answered, not the model.`,
    fallback: "No candidate could be shown, so a fixed reply was given.", seconds: (s) => `It took ${s} s.`,
    byPerson: "A person wrote this reply.", wasStopped: "This reply was stopped while it was written.",
  },
};

const EXAMPLES = ["안녕? 오늘 뭐 했어?", "저녁 뭐 먹을까?", "도움말"];
const MAX_CHATS = 50;
const MAX_SENT = 80;          // messages: the model's window holds fewer
const MAX_BYTES = 60000;      // of a request; the server takes 64 KiB
const TRIES = 8;              // a second apart, while the server is busy
const $ = (id) => document.getElementById(id);
const server = document.body.dataset;
const coarse = matchMedia("(pointer: coarse)");
const box = $("box"), log = $("log");

// ---------------------------------------------------------------- what the browser keeps

const memory = new Map();
const shelf = {               // localStorage, or memory where there is none
  get(key) { try { return localStorage.getItem(key); } catch { return memory.get(key) ?? null; } },
  set(key, value) {
    try { localStorage.setItem(key, value); } catch (error) {
      if (error.name === "QuotaExceededError") throw error;
      memory.set(key, value);
    }
  },
  remove(key) { try { localStorage.removeItem(key); } catch { memory.delete(key); } },
};
const PREFIX = "corpus.chat.";

function readJson(key, otherwise) {
  try { return JSON.parse(shelf.get(PREFIX + key)) ?? otherwise; } catch { return otherwise; }
}

let language = shelf.get(PREFIX + "language") || "ko";
let index = readJson("index", []);          // {id, title, at}, the latest first
let chat = null;                            // {id, title, named, items, preferences}
let work = null;                            // the request in progress: {abort, text, li}
let undo = null;
const t = (word, ...args) => {
  const said = WORDS[language][word];
  return typeof said === "function" ? said(...args) : said;
};

function newChat() {
  return { id: crypto.getRandomValues(new Uint32Array(2)).join("-"), title: "", named: false, items: [], preferences: [] };
}

function loadChat(id) {
  const one = readJson(`c.${id}`, null);
  return one && Array.isArray(one.items) ? one : null;
}

function store(one = chat, at = Date.now()) {
  if (!one.items.length && !index.some((entry) => entry.id === one.id)) return;
  const known = new Set(readJson("index", []).map((entry) => entry.id));   // another tab may have added
  for (const entry of readJson("index", [])) if (!index.some((mine) => mine.id === entry.id)) index.push(entry);
  index = index.filter((entry) => entry.id !== one.id && (known.has(entry.id)));
  index.unshift({ id: one.id, title: one.title, at });
  index.sort((a, b) => b.at - a.at);
  while (index.length > MAX_CHATS) { forget(index.at(-1).id); toast(t("tooMany")); }
  for (;;) {
    try {
      shelf.set(`${PREFIX}c.${one.id}`, JSON.stringify(one));
      shelf.set(`${PREFIX}index`, JSON.stringify(index));
      shelf.set(`${PREFIX}now`, JSON.stringify(one.id));
      break;
    } catch {
      const oldest = index.findLast((entry) => entry.id !== one.id);
      if (!oldest) { toast(t("noStore")); break; }
      forget(oldest.id);
      toast(t("full"));
    }
  }
  showList();
}

function forget(id) {
  index = index.filter((entry) => entry.id !== id);
  shelf.remove(`${PREFIX}c.${id}`);
  shelf.set(`${PREFIX}index`, JSON.stringify(index));
}

// ---------------------------------------------------------------- elements

function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function button(word, onclick, props = {}) {
  const { text = t(word), ...more } = props;
  return h("button", { type: "button", onclick, "aria-label": text === t(word) ? null : t(word), title: text === t(word) ? null : t(word), ...more }, text);
}

function toBox() { if (!coarse.matches) box.focus(); }

let toastTimer = 0;
function toast(text, onUndo) {
  clearTimeout(toastTimer);
  undo = onUndo ?? null;
  $("toast").replaceChildren(h("span", {}, text), ...(onUndo ? [button("undo", () => { const back = undo; hideToast(); back?.(); toBox(); })] : []));
  $("toast").hidden = false;
  toastTimer = setTimeout(hideToast, onUndo ? 9000 : 4000);
}
function hideToast() { $("toast").hidden = true; undo = null; }

function withUndo(text, change) {
  const before = JSON.stringify(chat);
  change();
  toast(text, () => { chat = JSON.parse(before); store(); show(); });
}

const clock = (at) => new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(at);
const day = (at) => new Intl.DateTimeFormat(language, { dateStyle: "full" }).format(at);
const percent = (logprob) => { const p = 100 * Math.exp(logprob); return p >= 10 ? `${Math.round(p)}%` : p >= 0.1 ? `${p.toFixed(1)}%` : "<0.1%"; };

// ---------------------------------------------------------------- the conversation on the screen

const shown = (item) => item.versions[item.shown];

function show({ keepPlace = false } = {}) {
  const atEnd = isAtEnd();
  document.title = chat.title ? `${chat.title} · ${server.name}` : server.name;
  const last = chat.items.findLastIndex((item) => item.role === "assistant");
  const forgotten = firstSeen();
  const rows = [];
  let date = "";
  const line = (text) => rows.push(h("li", { class: "line" }, h("span", {}, text)));
  chat.items.forEach((item, k) => {
    if (k && k === forgotten) line(t("seenFrom"));
    if (item.at && day(item.at) !== date) line(date = day(item.at));
    if (item.role === "line") line(t("otherModel", item.model));
    else rows.push(item.role === "user" ? userRow(item, k, k < forgotten) : replyRow(item, k, k === last && !work, k < forgotten));
  });
  if (work) rows.push(work.li);
  if (!chat.items.length) rows.push(h("li", { class: "hello" }, h("h2", {}, t("hello")), h("div", { class: "row" },
    ...EXAMPLES.map((text) => h("button", { type: "button", onclick: () => send(text) }, text)))));
  log.replaceChildren(...rows);
  if (!keepPlace || atEnd) toEnd();
  $("send").hidden = Boolean(work);
  $("stop").hidden = !work;
  showList();
}

function firstSeen() {        // the first item that the last reply was written with
  const reply = chat.items.findLast((item) => item.role === "assistant" && item.versions.length && shown(item).about?.window && !shown(item).about.service);
  return reply ? shown(reply).from ?? 0 : 0;
}

function bubble(item, text, more = []) {
  return h("div", { class: "said" }, h("div", { class: "bubble" }, text, ...more), item.at ? h("time", { datetime: new Date(item.at).toISOString() }, clock(item.at)) : null);
}

function userRow(item, k, isForgotten) {
  const row = h("li", { class: `user${isForgotten ? " forgotten" : ""}`, onclick: opens });
  row.append(h("span", { class: "unseen" }, `${t("you")}: `), bubble(item, item.text === item.typed ? item.text : `${item.text} (${item.typed})`));
  if (item.cut) row.append(h("span", { class: "note" }, t("cut", item.cut)));
  row.append(h("div", { class: "tools" },
    button("fix", () => edit(row, item.text, t("fixSend"), (text) => resend(k, text))),
    item.text === item.typed ? null : button("asTyped", () => resend(k, item.typed, true))));
  return row;
}

function replyRow(item, k, isLast, isForgotten) {
  const row = h("li", { class: `assistant${isForgotten ? " forgotten" : ""}${isLast ? " last" : ""}`, onclick: opens });
  const again = button("again", () => drawAgain(k));
  if (!item.versions.length) {
    row.append(h("span", { class: `note${item.error === "stopped" ? "" : " bad"}` }, t(item.error, item.detail)), h("div", { class: "tools" }, again));
    return row;
  }
  const one = shown(item);
  row.append(h("span", { class: "unseen" }, `${server.name}: `), bubble(item, one.text));
  const notes = [one.edited && t("edited"), one.stopped && t("stopped"), item.versions.length > 1 && `${item.shown + 1}/${item.versions.length}`].filter(Boolean);
  if (notes.length) row.append(h("span", { class: "note" }, notes.join(" · ")));
  const model = !one.about?.service;
  row.append(h("div", { class: "tools" }, again,
    model && button("others", (event) => showOthers(k, event.currentTarget)),
    button("copy", () => copy(one.text)),
    model && button("like", () => rate(k, "up"), { text: "👍", "aria-pressed": String(one.rating === "up") }),
    model && button("dislike", () => rate(k, "down"), { text: "👎", "aria-pressed": String(one.rating === "down") }),
    model && button("fix", () => edit(row, one.text, t("done"), (text) => correct(k, text))),
    button("why", () => showWhy(k))));
  return row;
}

function opens(event) {       // a tap shows the tools of an older message
  if (event.target.closest("button, textarea")) return;
  for (const one of log.querySelectorAll("li.open")) if (one !== event.currentTarget) one.classList.remove("open");
  event.currentTarget.classList.toggle("open");
}

function edit(row, text, word, done) {
  if (work) return;
  const area = h("textarea", { "aria-label": t("fix"), maxlength: "2000", rows: String(Math.min(8, 1 + Math.ceil(text.length / 40))) });
  area.value = text;
  const cancel = () => { show({ keepPlace: true }); toBox(); };
  const finish = () => { const value = area.value.trim(); if (value) { done(value); toBox(); } };
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); cancel(); }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); finish(); }
  });
  row.replaceChildren(h("div", { class: "edit" }, area, h("div", { class: "row" }, button("cancel", cancel), h("button", { type: "button", class: "main", onclick: finish }, word))));
  area.focus();
}

function isAtEnd() { return log.scrollHeight - log.scrollTop - log.clientHeight < 80; }
function toEnd() { log.scrollTop = log.scrollHeight; $("down").hidden = true; }
log.addEventListener("scroll", () => { $("down").hidden = isAtEnd(); }, { passive: true });
$("down").addEventListener("click", () => { toEnd(); toBox(); });

async function copy(text) {
  try { await navigator.clipboard.writeText(text); } catch {     // not over plain http from afar
    const area = h("textarea", {}); area.value = text; document.body.append(area); area.select(); document.execCommand("copy"); area.remove();
  }
  toast(t("copied"));
  toBox();
}

// ---------------------------------------------------------------- asking the server

export class EventLines {     // server-sent events from bytes that may end inside a syllable
  #decoder = new TextDecoder();
  #rest = "";
  push(bytes) {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    return lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
  }
}

let key = readKey();
function readKey() {
  const found = /(?:^#|&)key=([^&]*)/.exec(location.hash);
  if (found) { try { sessionStorage.setItem(`${PREFIX}key`, decodeURIComponent(found[1])); } catch { return decodeURIComponent(found[1]); } }
  try { return sessionStorage.getItem(`${PREFIX}key`) ?? ""; } catch { return ""; }
}
addEventListener("hashchange", () => { key = readKey(); });

function askServer(path, body, signal) {
  const headers = { "Content-Type": "application/json" };
  if (key) headers.Authorization = `Bearer ${String.fromCharCode(...new TextEncoder().encode(key))}`;
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal, cache: "no-store" });
}

function messagesUpTo(end) {  // what is sent of the items before `end`, and which items those are
  const messages = [], places = [];
  for (let k = end - 1, bytes = 0; k >= 0 && messages.length < MAX_SENT; k--) {
    const item = chat.items[k];
    const text = item.role === "user" ? item.text : item.role === "assistant" && item.versions.length ? shown(item).text : null;
    if (text === null) continue;
    bytes += 80 + new TextEncoder().encode(JSON.stringify(text)).length;
    if (bytes > MAX_BYTES && messages.length) break;
    messages.unshift(item.role === "user" ? { role: "user", content: text, convert: k === end - 1 && !item.keep } : { role: "assistant", content: text });
    places.unshift(k);
  }
  return { messages, places };
}

class Told extends Error {    // what went wrong, by the name of its sentence
  constructor(word, detail) { super(word); this.word = word; this.detail = detail; }
}

async function refusal(response) {
  let error = {};
  try { error = (await response.json()).error ?? {}; } catch { /* no JSON: the status must do */ }
  return fault(response.status, error);
}
function fault(status, error) {
  if (error.code === "timeout") return new Told("slow");
  if (status === 429) return new Told("tooOften");
  if (status === 503) return new Told("busy");
  if (status >= 400 && status < 500) return new Told("refused", error.message ?? status);
  return new Told("failed");
}

const pause = (ms, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => { clearTimeout(timer); reject(new DOMException("", "AbortError")); });
});

async function connect(body, signal) {
  for (let n = 1; ; n++) {
    let response;
    try { response = await askServer("/v1/chat/completions", body, signal); } catch (error) {
      throw error.name === "AbortError" ? error : new Told("offline");
    }
    if (response.ok) return response;
    if (response.status === 401) { if (!await askKey()) throw new Told("refused", t("keyTitle")); continue; }
    if (response.status !== 503 || n === TRIES) throw await refusal(response);
    await pause(1000, signal);
  }
}

async function readReply(response, onText) {
  const reader = response.body.getReader();
  const lines = new EventLines();
  const reply = { text: "", tokens: [], about: null, model: "", finish: "" };
  for (;;) {
    const { done, value } = await reader.read().catch((error) => { throw error.name === "AbortError" ? error : new Told("offline"); });
    if (done) throw new Told("offline");           // it ended before it was whole
    for (const data of lines.push(value)) {
      if (data === "[DONE]") return reply;
      const chunk = JSON.parse(data);
      if (chunk.error) throw fault(chunk.error.type === "server_error" ? 500 : 400, chunk.error);
      reply.model = chunk.model;
      const choice = chunk.choices[0];
      if (choice?.delta?.content) onText(reply.text += choice.delta.content);
      if (choice?.logprobs?.content) reply.tokens = choice.logprobs.content.map((one) => [one.token, round(one.logprob), one.top_logprobs.map((other) => [other.token, round(other.logprob)])]);
      if (chunk.corpus) { reply.about = chunk.corpus; reply.text = chunk.corpus.text ?? reply.text; }
    }
  }
}
const round = (x) => Math.round(x * 1000) / 1000;

async function answer(k, seed) {    // writes the reply of item k, or a new one behind the last item
  const own = chat, end = k ?? chat.items.length;
  const abort = new AbortController();
  const text = h("span", {});
  const dots = h("span", { class: "dots" }, h("i"), h("i"), h("i"));
  const li = h("li", { class: "assistant" }, h("div", { class: "said" }, h("div", { class: "bubble", "aria-label": t("writing", server.name) }, text, dots)));
  const mine = work = { abort, li, chat: own, text: "" };
  show();
  const { messages, places } = messagesUpTo(end);
  const body = { messages, stream: true, logprobs: true, top_logprobs: 5, ...(seed === undefined ? {} : { seed }) };
  let version = null, error = null;
  try {
    const response = await connect(body, abort.signal);
    const reply = await readReply(response, (so_far) => {
      const follow = isAtEnd();
      mine.text = text.textContent = so_far;
      dots.hidden = true;
      if (follow) toEnd();
    });
    const first = reply.about.service ? end - 1 : places[reply.about.window.first_message] ?? 0;
    version = { text: reply.text, tokens: reply.tokens, about: reply.about, model: reply.model, from: first };
  } catch (caught) {
    error = caught.name === "AbortError" ? new Told("stopped") : caught instanceof Told ? caught : new Told("failed");
    if (mine.text && error.word === "stopped") version = { text: mine.text, tokens: [], about: null, model: server.model, stopped: true, from: places[0] ?? 0 };
  }
  if (work === mine) work = null;
  if (mine.dropped) return;
  settle(own, k, end, version, error);
}

function settle(own, k, end, version, error) {
  const asked = own.items[end - 1];
  if (version?.about && asked) {
    if (version.about.converted) {
      if (!own.named && own.items[0] === asked) own.title = titleOf(version.about.converted);
      asked.text = version.about.converted;
    }
    asked.cut = version.about.window.cut_characters;
    const { seen, window: { first_message: first } } = version.about;
    version.about.n_seen = seen.slice(first).filter((text) => text !== null).length;
    delete version.about.seen;
  }
  let item = k === undefined ? null : own.items[k];
  if (!item) {
    const before = own.items.findLast((one) => one.role === "assistant" && one.versions.length);
    const model = before && before.versions[before.shown].model;
    if (version && model && version.model !== model) own.items.splice(end - 1, 0, { role: "line", model: version.model });
    item = { role: "assistant", versions: [], shown: 0, at: Date.now() };
    own.items.push(item);
  }
  if (version) {
    item.versions.push(version);
    item.shown = item.versions.length - 1;
    item.at = Date.now();
    delete item.error;
  } else if (!item.versions.length) Object.assign(item, { error: error.word, detail: error.detail });
  else toast(t(error.word, error.detail));
  store(own);
  if (own !== chat) return;
  if (version?.about?.service === "reset") { empty(); } else show();
  if (version) $("spoken").replaceChildren(h("p", {}, `${server.name}: ${version.text}`));
}

function send(typed, keep = false) {
  if (work || !typed.trim()) return;
  if (!chat.items.length && !chat.named) chat.title = titleOf(typed);
  chat.items.push({ role: "user", typed: typed.trim(), text: typed.trim(), keep, at: Date.now() });
  store();
  answer();
}

const titleOf = (text) => text.trim().replace(/\s+/g, " ").slice(0, 30);

function stop() { work?.abort.abort(); toBox(); }

function dropWork() { if (work) { work.dropped = true; work.abort.abort(); work = null; } }

// ---------------------------------------------------------------- what one can do with a message

function cutFrom(k) {         // leaves out what follows item k; tells how much that was
  const n = chat.items.slice(k).filter((item) => item.role !== "line").length;
  chat.items.length = k;
  return n;
}

function resend(k, text, keep = false) {
  if (work) return;
  const before = JSON.stringify(chat);
  const n = cutFrom(k) - 1;
  send(text, keep);
  if (n > 1) toast(t("cutOff", n), () => { dropWork(); chat = JSON.parse(before); store(); show(); });
}

function drawAgain(k) {
  if (work) return;
  const before = JSON.stringify(chat);
  const n = cutFrom(k + 1);
  if (n) toast(t("cutOff", n), () => { dropWork(); chat = JSON.parse(before); store(); show(); });
  if (chat.items[k].error) { chat.items.length = k; answer(undefined, chance()); } else answer(k, chance());
  toBox();
}
const chance = () => crypto.getRandomValues(new Uint32Array(1))[0];

function showOthers(k) {
  const item = chat.items[k], now = shown(item);
  const seen = new Set([now.text]);
  const rows = [];
  for (const version of item.versions) {
    for (const one of [version, ...(version.about?.candidates ?? [])]) {
      if (seen.has(one.text) || !one.text || ["empty", "dropped", "bad_word"].includes(one.out)) continue;
      seen.add(one.text);
      rows.push(h("button", { type: "button", class: "pick", onclick: () => { $("others").close(); take(k, one.text); } }, one.text, one.out ? h("span", { class: "quiet" }, ` · ${t("out")[one.out] ?? one.out}`) : null));
    }
  }
  $("others-body").replaceChildren(...(rows.length ? rows : [h("p", { class: "quiet" }, t("noOthers"))]));
  open("others");
}

function take(k, text) {
  if (work) return;
  const item = chat.items[k], before = shown(item);
  const known = item.versions.findIndex((one) => one.text === text);
  if (known >= 0) item.shown = known;
  else { item.versions.push({ ...before, text, tokens: [], rating: undefined, edited: false, stopped: false, picked: true }); item.shown = item.versions.length - 1; }
  prefer(k, text, before.text);
  store();
  show({ keepPlace: true });
  toBox();
}

function correct(k, text) {
  const item = chat.items[k], before = shown(item);
  if (text !== before.text) {
    item.versions.push({ ...before, text, tokens: [], rating: undefined, stopped: false, edited: true });
    item.shown = item.versions.length - 1;
    prefer(k, text, before.text);
    tellLiked(k);
  }
  store();
  show({ keepPlace: true });
}

function rate(k, rating) {
  const item = chat.items[k], one = shown(item);
  if (one.rating === rating && server.save && rating === "up") { toast(t("savedBefore")); return; }
  one.rating = one.rating === rating ? undefined : rating;
  if (one.rating) for (const other of item.versions) {
    if (other.rating && other.rating !== one.rating && other.text !== one.text) {
      if (one.rating === "up") prefer(k, one.text, other.text); else prefer(k, other.text, one.text);
    }
  }
  if (one.rating === "up") tellLiked(k);
  store();
  show({ keepPlace: true });
  toBox();
}

function prefer(k, chosen, rejected) {
  const prompt = judged(k);
  if (prompt.at(-1)?.role !== "user" || chosen === rejected) return;
  const line = { prompt, chosen: [{ role: "assistant", content: chosen }], rejected: [{ role: "assistant", content: rejected }] };
  const same = JSON.stringify(line);
  chat.preferences = (chat.preferences ?? []).filter((other) => JSON.stringify(other) !== same);
  chat.preferences.push(line);
  if (server.save) keepOnServer({ ...asSent(k), chosen, rejected });
}

function tellLiked(k) { if (server.save) keepOnServer(asSent(k + 1)); }

function asSent(end) { return { messages: messagesUpTo(end).messages.map((one) => one.role === "user" ? { ...one, convert: false } : one) }; }

async function keepOnServer(body) {
  try {
    const response = await askServer("/v1/save", body);
    toast(t(response.ok ? "saved" : "notSaved"));
  } catch { toast(t("notSaved")); }
}

// ---------------------------------------------------------------- files that build and TRL read

function judged(end, own = chat) {   // the turns before item `end` as a model is given them
  const turns = [];
  for (const [k, item] of own.items.slice(0, end).entries()) {
    if (item.role === "line" || (item.role === "assistant" && !item.versions.length)) continue;
    const reply = item.role === "user" ? own.items.slice(k + 1).find((one) => one.role !== "line") : item;
    const ofService = reply?.role === "assistant" && reply.versions.length && shown(reply).about?.service;
    if (ofService || (item.role === "assistant" && !turns.length)) continue;
    const text = item.role === "user" ? item.text : shown(item).text;
    if (turns.at(-1)?.role === item.role) turns.at(-1).content += ` ${text}`;
    else turns.push({ role: item.role, content: text, at: item.at });
  }
  return turns.map(({ role, content, at }) => ({ role, content, ...(own === chat && end !== Infinity ? {} : { at }) }));
}

async function entryOf(own) {        // one line of chats.jsonl, as the server writes it
  const end = own.items.findLastIndex((item) => item.role === "assistant" && item.versions.length && (shown(item).rating === "up" || shown(item).edited));
  if (end < 0) return null;
  const turns = judged(Infinity, { ...own, items: own.items.slice(0, end + 1) });
  if (turns.length < 2 || turns.at(-1).role !== "assistant") return null;
  const speaker = (turn) => (turn.role === "user" ? "P01" : "P02");
  const said = `[${turns.map((turn) => `[${JSON.stringify(speaker(turn))}, ${JSON.stringify(turn.content)}]`).join(", ")}]`;
  const two = (n) => String(n).padStart(2, "0");
  const dialogue = turns.map((turn, k) => {
    const at = new Date(turn.at);
    return {
      utteranceID: `U${k + 1}`, turnID: `T${k + 1}`, participantID: speaker(turn),
      date: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
      time: `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`, utterance: turn.content,
    };
  });
  const info = { dialogueID: `chat-${await digest(said)}`, numberOfParticipants: 2, numberOfUtterances: turns.length, numberOfTurns: turns.length, type: "일상 대화", topic: "챗봇" };
  return { header: { dialogueInfo: info, participantsInfo: [{ participantID: "P01" }, { participantID: "P02" }] }, body: { dialogue } };
}

async function digest(text) {
  if (!crypto.subtle) return [...crypto.getRandomValues(new Uint32Array(2))].map((n) => n.toString(16).padStart(8, "0")).join("");
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...bytes].slice(0, 8).map((n) => n.toString(16).padStart(2, "0")).join("");
}

function download(name, lines) {
  const link = h("a", { download: name, href: URL.createObjectURL(new Blob([lines.map((line) => `${JSON.stringify(line)}\n`).join("")], { type: "application/x-ndjson" })) });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function showKeep() {
  const all = index.map((entry) => (entry.id === chat.id ? chat : loadChat(entry.id))).filter(Boolean);
  const entries = (await Promise.all(all.map(entryOf))).filter(Boolean);
  const preferences = all.flatMap((one) => one.preferences ?? []);
  const rows = [["keep-chats", t("keepChats", entries.length), "chats.jsonl", entries], ["keep-preferences", t("keepPreferences", preferences.length), "preferences.jsonl", preferences]];
  for (const [id, text, name, lines] of rows) {
    $(id).textContent = text;
    $(id).disabled = !lines.length;
    $(id).onclick = () => download(name, lines);
  }
  open("keep");
}

// ---------------------------------------------------------------- why?

function chip(text, props = {}) { return h("span", { class: "chip", ...props }, text); }
function section(title, ...children) { return h("section", {}, h("h3", {}, title), ...children); }

function showWhy(k) {
  const one = shown(chat.items[k]), about = one.about;
  const parts = [];
  if (one.edited) parts.push(h("p", { class: "quiet" }, t("byPerson")));
  if (one.stopped) parts.push(h("p", { class: "quiet" }, t("wasStopped")));
  if (about?.service) parts.push(h("p", {}, t("byService", about.service)));
  if (about?.read) parts.push(whatWasRead(about, chat.items.slice(0, k).findLast((item) => item.role === "user")));
  if (about?.read) parts.push(whatWasSeen(about));
  if (one.tokens?.length) parts.push(replyTokens(one.tokens));
  if (about?.fallback) parts.push(h("p", {}, t("fallback")));
  if (about?.candidates?.length) parts.push(candidates(about, one.text));
  if (about && about.copies !== null) parts.push(h("section", {}, t("copies", about.copies)));
  if (about) parts.push(h("p", { class: "quiet" }, t("seconds", about.seconds)));
  $("why-body").replaceChildren(...parts);
  open("why");
}

function whatWasRead(about, asked) {
  const { text, rules, tokens } = about.read;
  const rows = [[t("typed"), asked?.typed ?? ""]];
  if (about.converted) rows.push([t("asHangul"), about.converted]);
  rows.push([t("asRead"), text ?? t("nothingRead")]);
  const table = h("table", {}, ...rows.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value))));
  if (rules.length) table.append(h("tr", {}, h("th", { scope: "row" }, t("rules")), h("td", {}, ...rules.flatMap((rule) => [h("code", {}, rule), " "]))));
  const unknown = tokens.filter(([, isUnknown]) => isUnknown).length;
  return section(t("read"), table, h("p", { class: "quiet" }, t("tokens", tokens.length)),
    h("div", { class: "chips" }, ...tokens.map(([token, isUnknown]) => chip(isUnknown ? "<unk>" : token, isUnknown ? { class: "chip unknown" } : {}))),
    unknown ? h("p", { class: "out" }, t("unknown", unknown)) : null);
}

function whatWasSeen(about) {
  const { tokens, first_message: first, cut_characters: cut, left_out: left } = about.window;
  return section(t("window"), h("p", {}, t("windowIs", about.n_seen, tokens)), first ? h("p", {}, t("windowCut", first)) : null,
    left.length ? h("p", {}, t("windowOut", left.length)) : null, cut ? h("p", {}, t("cut", cut)) : null);
}

function replyTokens(tokens) {
  const rivals = h("div", { class: "rivals", "aria-live": "polite" });
  const chips = tokens.map(([token, logprob, others]) => {
    const element = h("button", { type: "button", class: "chip", "aria-pressed": "false", "aria-label": `${token} ${percent(logprob)}` }, token);
    element.style.backgroundColor = `rgba(var(--heat), ${(0.12 + 0.5 * Math.exp(logprob)).toFixed(2)})`;
    element.addEventListener("click", () => {
      for (const one of chips) one.setAttribute("aria-pressed", String(one === element));
      const all = others.some(([other]) => other === token) ? others : [[token, logprob], ...others];
      rivals.replaceChildren(h("table", {}, ...all.map(([other, value]) => {
        const bar = h("span", { class: other === token ? "bar at" : "bar" });
        bar.style.width = `${Math.max(1, 100 * Math.exp(value))}%`;
        return h("tr", {}, h("td", {}, chip(other)), h("td", { class: "n" }, percent(value)), h("td", { width: "60%" }, bar));
      })));
    });
    return element;
  });
  return section(t("replyTokens"), h("div", { class: "chips" }, ...chips), h("p", { class: "quiet" }, t("tapToken")), rivals);
}

function candidates(about, text) {
  const head = h("tr", {}, h("th", { scope: "col" }, t("candidate")), h("th", { scope: "col", class: "n" }, t("score")), h("th", { scope: "col" }, t("state")));
  return section(t("candidates"), h("table", {}, head, ...about.candidates.map((one, k) => {
    const isTaken = k === about.chosen;
    const state = one.out ? t("out")[one.out] ?? one.out : isTaken ? t("taken") : t("good");
    return h("tr", {}, h("td", {}, one.text), h("td", { class: "n" }, one.score === null ? "" : one.score.toFixed(2)), h("td", { class: one.out ? "out" : isTaken ? "taken" : "" }, state));
  })));
}

function open(id) {
  const dialog = $(id);
  dialog.onclose = () => toBox();
  dialog.showModal();
  dialog.scrollTop = 0;
}

// ---------------------------------------------------------------- the list

function showList() {
  if (document.activeElement?.closest("#list input")) return;
  const wanted = $("search").value.trim().toLowerCase();
  const entries = index.filter((entry) => !wanted || entry.title.toLowerCase().includes(wanted) || holds(entry.id, wanted));
  $("list").replaceChildren(...entries.map((entry) => {
    const name = entry.title || t("newChat");
    const row = h("li", { class: entry.id === chat.id ? "now" : "" });
    row.append(h("button", { type: "button", class: "open", "aria-current": entry.id === chat.id ? "true" : null, onclick: () => go(entry.id) }, name),
      h("button", { type: "button", class: "icon", "aria-label": `${t("rename")}: ${name}`, onclick: () => rename(row, entry) }, "✎"),
      h("button", { type: "button", class: "icon", "aria-label": `${t("remove")}: ${name}`, onclick: () => remove(entry.id) }, "🗑"));
    return row;
  }));
  if (wanted && !entries.length) $("list").append(h("li", { class: "quiet" }, t("nothingFound")));
}

function holds(id, wanted) {
  const one = id === chat.id ? chat : loadChat(id);
  return one?.items.some((item) => (item.role === "user" ? item.text : item.versions?.[item.shown]?.text ?? "").toLowerCase().includes(wanted));
}

function go(id) {
  const one = loadChat(id);
  if (!one) { index = index.filter((entry) => entry.id !== id); showList(); return; }
  dropWork();
  chat = one;
  shelf.set(`${PREFIX}now`, JSON.stringify(id));
  listed(false);
  show();
  toBox();
}

function rename(row, entry) {
  const input = h("input", { "aria-label": t("rename"), maxlength: "60" });
  input.value = entry.title;
  let isDone = false;
  const finish = (isMeant) => {
    if (isDone) return;
    isDone = true;
    const title = input.value.trim();
    input.remove();
    if (isMeant && title) {
      const one = entry.id === chat.id ? chat : loadChat(entry.id);
      if (one) { Object.assign(one, { title, named: true }); store(one, entry.at); }
    }
    show({ keepPlace: true });
    toBox();
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); finish(false); }
    if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); finish(true); }
  });
  input.addEventListener("blur", () => finish(true));
  row.replaceChildren(input);
  input.focus();
  input.select();
}

function remove(id) {
  const one = id === chat.id ? chat : loadChat(id);
  const at = index.find((entry) => entry.id === id)?.at;
  if (work?.chat === one) dropWork();
  forget(id);
  if (id === chat.id) chat = newChat();
  show();
  toast(t("removed"), one ? () => { index.unshift({ id, title: one.title, at }); shelf.set(`${PREFIX}index`, JSON.stringify(index)); store(one, at); if (!chat.items.length) chat = one; show(); } : undefined);
  toBox();
}

function empty() {
  if (!chat.items.length) return;
  dropWork();
  withUndo(t("emptied"), () => { chat.items = []; store(); show(); });
  toBox();
}

function listed(isListed) {
  document.body.classList.toggle("listed", isListed);
  if (isListed) $("close-side").focus(); else if (document.activeElement?.closest("#side")) $("open-side").focus();
}

// ---------------------------------------------------------------- the box, and Enter on a Korean keyboard

// Enter while a syllable is being composed ends the composition and is meant to send: the text that
// was composed is remembered, and once it stands in the box unchanged, all of it is sent, once.
// Another script (日本, a Hanja that is chosen) needs its Enter for itself. Safari ends the
// composition first and then tells the Enter, with key code 229.
const HANGUL = /^[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]+$/;
let composed = null;          // while composing: the text so far
let entered = null;           // what was composed when Enter was pressed
let justEnded = { text: "", at: -1e9 };
let sentAt = -1e9;

box.addEventListener("compositionstart", () => { composed = ""; entered = null; });
box.addEventListener("compositionupdate", (event) => { composed = event.data ?? ""; });
box.addEventListener("compositionend", (event) => {
  const text = event.data ?? "";
  const isMeant = entered !== null && entered === text;
  composed = entered = null;
  justEnded = { text, at: performance.now() };
  if (isMeant) setTimeout(sendBox);        // the box holds the syllable only after this event
});
box.addEventListener("keydown", (event) => {
  const isEnter = event.key === "Enter" || event.code === "Enter" || event.code === "NumpadEnter";
  if (!isEnter || event.shiftKey || event.altKey) return;
  if (coarse.matches && !event.ctrlKey && !event.metaKey) return;
  if (composed !== null || event.isComposing) {
    entered = composed && HANGUL.test(composed) ? composed : null;
    return;
  }
  event.preventDefault();
  if (event.keyCode === 229 && !(HANGUL.test(justEnded.text) && performance.now() - justEnded.at < 500)) return;
  sendBox();
});
box.addEventListener("beforeinput", (event) => {   // the line break of an Enter that has sent
  if (/^insert(LineBreak|Paragraph)$/.test(event.inputType) && !box.value && performance.now() - sentAt < 300 && !coarse.matches) event.preventDefault();
});
box.addEventListener("input", grow);

function grow() { box.style.height = "auto"; box.style.height = `${box.scrollHeight + 2}px`; }

function sendBox() {
  const text = box.value;
  if (!text.trim() || work) return;
  box.value = "";
  sentAt = performance.now();
  grow();
  send(text);
}

// ---------------------------------------------------------------- the rest of the page

function askKey() {
  return new Promise((resolve) => {
    $("key-box").value = "";
    $("key").onclose = () => {
      const given = $("key").returnValue === "ok" ? $("key-box").value.trim() : "";
      if (given) { key = given; try { sessionStorage.setItem(`${PREFIX}key`, key); } catch { /* kept in this page alone */ } }
      resolve(Boolean(given));
      toBox();
    };
    $("key").returnValue = "";
    $("key").showModal();
  });
}
$("key-form").addEventListener("submit", () => { $("key").returnValue = "ok"; $("key").close("ok"); });

function translate() {
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", t(one.dataset.label));
  for (const one of document.querySelectorAll("[data-hint]")) one.placeholder = t(one.dataset.hint);
  $("language").textContent = language === "ko" ? "English" : "한국어";
  $("language").lang = language === "ko" ? "en" : "ko";
}

$("form").addEventListener("submit", (event) => { event.preventDefault(); sendBox(); toBox(); });
$("stop").addEventListener("click", stop);
$("reset").addEventListener("click", empty);
$("save").addEventListener("click", showKeep);
$("new").addEventListener("click", () => { dropWork(); chat = newChat(); listed(false); show(); toBox(); });
$("search").addEventListener("input", showList);
$("open-side").addEventListener("click", () => listed(true));
$("close-side").addEventListener("click", () => listed(false));
$("shade").addEventListener("click", () => listed(false));
$("language").addEventListener("click", () => {
  language = language === "ko" ? "en" : "ko";
  shelf.set(PREFIX + "language", language);
  translate();
  show({ keepPlace: true });
  toBox();
});
for (const one of document.querySelectorAll("[data-close]")) one.addEventListener("click", () => one.closest("dialog").close());
for (const one of document.querySelectorAll("dialog")) one.addEventListener("click", (event) => { if (event.target === one && one.id !== "key") one.close(); });
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (work) { event.preventDefault(); stop(); } else if (document.body.classList.contains("listed")) listed(false);
});
addEventListener("storage", (event) => {    // another tab changed something
  if (event.key !== `${PREFIX}index`) return;
  index = readJson("index", []);
  if (!work && index.some((entry) => entry.id === chat.id)) { chat = loadChat(chat.id) ?? chat; show({ keepPlace: true }); } else showList();
});

chat = loadChat(readJson("now", "")) ?? newChat();
if (!index.some((entry) => entry.id === chat.id)) chat = newChat();
translate();
show();
toBox();
