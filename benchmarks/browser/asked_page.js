// Fetches questions from the server that it comes from, and sends back what it answers, until the server is gone.

let said = { answer: navigator.userAgent };
for (;;) {
  const asked = await (await fetch("", { method: "POST", body: JSON.stringify(said) })).json();
  try {
    const { default: answer } = await import(`./${asked.script}`);
    said = { answer: await answer(asked.question) };
  } catch (error) {
    said = { error: String(error) };
  }
}
