import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { useToken, writeToken } from "../../lib/token";

/** Asks for a token, where the server does. */
export function TokenForm() {
  const id = useId();
  const client = useQueryClient();
  const known = useToken();
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    writeToken(text);
    void client.invalidateQueries();
  };
  return (
    <form className="sheet token" onSubmit={submit}>
      <h2>This server asks for a token</h2>
      <p>
        {known ? "The token that this browser keeps does not count (any more). " : ""}
        Whoever runs the server makes one for you. It stays in this browser.
      </p>
      <label htmlFor={id}>Token</label>
      <div className="row">
        <input
          id={id}
          type="password"
          autoComplete="off"
          required
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit">Use it</button>
      </div>
    </form>
  );
}
