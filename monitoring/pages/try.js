"use strict";

// Asks the API of this server for one prediction, what drives it, and stores what it was in truth.
const form = document.querySelector("#row");
const result = document.querySelector("#result");

function headers() {
  const key = form.elements.namedItem("api-key");
  const sent = { "Content-Type": "application/json" };
  if (key) sent.Authorization = "Bearer " + key.value;
  return sent;
}

async function ask(path, body) {
  const options = { method: "POST", headers: headers(), body: JSON.stringify(body) };
  const answer = await fetch("../" + path + "/" + form.dataset.useCase, options);
  const content = await answer.json();
  if (answer.ok) return content;
  const detail = content.detail;
  const told = Array.isArray(detail)
    ? detail.map((fault) => fault.field + ": " + fault.problem).join("; ")
    : detail;
  throw new Error(answer.status + ": " + told);
}

function given() {
  const features = {};
  for (const input of form.querySelectorAll("[data-feature]")) {
    const text = input.value.trim();
    const value = input.type === "number" ? Number(text) : text;
    features[input.dataset.feature] = text === "" ? null : value;
  }
  const row = { features };
  const amount = form.elements.namedItem("amount");
  if (amount && amount.value !== "") row.amount = Number(amount.value);
  return row;
}

function line(name, ...texts) {
  const row = document.createElement("tr");
  for (const text of [name, ...texts]) {
    const cell = document.createElement("td");
    cell.textContent = text;
    row.append(cell);
  }
  return row;
}

function shown(value) {
  if (value === null) return "missing";
  return typeof value === "number" ? String(Number(value.toPrecision(6))) : value;
}

function show(prediction, explanation) {
  const decided = prediction.decision ?? (prediction.alarm ? "alarm" : "no alarm");
  document.querySelector("#score").textContent = (100 * prediction.score).toFixed(2) + "%";
  document.querySelector("#decided").textContent = decided;
  document.querySelector("#decided").className = prediction.alarm ? "critical" : "good";
  document.querySelector("#version").textContent = prediction.model_version;
  document.querySelector("#id").textContent = prediction.id;
  const unseen = prediction.unseen.length ? "never seen in training: " + prediction.unseen.join(", ") : "";
  document.querySelector("#unseen").textContent = unseen;
  const drivers = explanation.drivers.filter((driver) => Math.abs(driver.change) >= 0.005);
  document.querySelector("#drivers").replaceChildren(
    ...drivers.slice(0, 12).map((driver) =>
      line(driver.feature, shown(driver.value), shown(driver.usual),
        (driver.change > 0 ? "+" : "") + driver.change.toFixed(2))),
  );
  document.querySelector("#stored").textContent = "";
  result.hidden = false;
}

function tell(error) {
  document.querySelector("#wrong").textContent = error ? error.message : "";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  tell(null);
  try {
    const row = given();
    const explanation = await ask("explain", row);
    show((await ask("predict", row)).predictions[0], explanation);
  } catch (error) {
    tell(error);
  }
});

document.querySelectorAll("#truth button").forEach((button) => {
  button.addEventListener("click", async () => {
    tell(null);
    try {
      const id = document.querySelector("#id").textContent;
      const stored = await ask("feedback", { id, label: button.value });
      const said = stored.added ? "stored" : stored.repeated ? "stored before"
        : stored.corrected ? "stored, in place of the one before" : "contradicts the one before, which stays";
      document.querySelector("#stored").textContent = button.textContent + ": " + said;
    } catch (error) {
      tell(error);
    }
  });
});
