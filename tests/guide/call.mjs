// "Start a support call" of the integration guide as it stands, in a function that hands its result on.
export async function handle() {
const response = await fetch("https://oc.example.com/api/public/support/calls", {
method: "POST",
headers: {
"Content-Type": "application/json",
"X-API-Key": process.env.OC_API_KEY
},
body: JSON.stringify({
conversationId: "conversation_id_from_previous_step",
type: "video"
})
});
const { token, roomName, serverUrl, agent } = await response.json();
return Response.json({ token, roomName, serverUrl, agent }, { status: response.status });
}
