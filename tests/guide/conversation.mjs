// "Create a conversation" of the integration guide as it stands, in a function that hands its result on.
export async function handle() {
const response = await fetch("https://oc.example.com/api/public/support/conversations", {
method: "POST",
headers: {
"Content-Type": "application/json",
"X-API-Key": process.env.OC_API_KEY
},
body: JSON.stringify({
customer: {
externalUserId: "cus_123",
name: "Jane Customer",
email: "jane@example.com"
},
message: {
type: "text",
text: "I need help with my order."
}
})
});
const { conversation } = await response.json();
return Response.json(conversation, { status: response.status });
}
