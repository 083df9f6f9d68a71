/** The front page: says whether the server behind it is ready. */
import "./main.css";

async function readiness(): Promise<string> {
  try {
    const response = await fetch("/readyz", { headers: { accept: "application/json" } });
    return response.ok ? "The server is ready." : "The server is starting, or something it needs is missing.";
  } catch {
    return "The server does not answer.";
  }
}

const status = document.querySelector("#status");
if (status) {
  status.textContent = await readiness();
}
