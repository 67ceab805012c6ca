import { Link } from "wouter";
import icon from "./icon.svg";
import { useTheme } from "./theme";

export function Header() {
  const [theme, toggle] = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  return (
    <header className="masthead">
      <div className="masthead-inner">
        <Link href="/" className="brand">
          <img src={icon} alt="" width="28" height="28" />
          Scorewire
        </Link>
        <nav aria-label="Site">
          <Link href="/library">Library</Link>
          <a href="/api/docs">API</a>
          <button type="button" className="quiet" onClick={toggle} title={`Use the ${other} theme`}>
            <span aria-hidden="true">{theme === "dark" ? "☀" : "☾"}</span>
            <span className="visually-hidden">Use the {other} theme</span>
          </button>
        </nav>
      </div>
    </header>
  );
}
