/** The player's signs, drawn here: no font of icons, no request. Each is named by its button. */

function Icon({ path }: { path: string }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={path} />
    </svg>
  );
}

export const PlayIcon = () => <Icon path="M7 4.5v15l12.5-7.5z" />;
export const PauseIcon = () => <Icon path="M6.5 4.5h4v15h-4zM13.5 4.5h4v15h-4z" />;
export const BackIcon = () => <Icon path="M6 5h2.5v14H6zM19 5v14L9.5 12z" />;
export const ForwardIcon = () => <Icon path="M15.5 5H18v14h-2.5zM5 5v14l9.5-7z" />;
export const LoopIcon = () => (
  <Icon path="M7 7h9V4l5 4.5-5 4.5v-3H9.5v3H7zm10 10H8v3l-5-4.5L8 11v3h6.5v-3H17z" />
);
export const HelpIcon = () => (
  <Icon path="M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19zm1 15h-2v-2h2zm1.9-7.300-.8.8c-.7.7-1.100 1.300-1.100 2.5h-2v-.5c0-1.100.4-1.9 1.100-2.600l1.100-1.200a1.7 1.7 0 1 0-2.9-1.200h-2a3.7 3.7 0 1 1 6.600 2.200z" />
);
