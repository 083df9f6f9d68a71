// Example Next.js API route used by the customer app dashboard.
export async function POST(req: Request) {
const session = await requireYourCustomerSession(req);
const oc = await fetch("https://oc.example.com/api/public/support/handoffs", {
method: "POST",
headers: {
"Content-Type": "application/json",
"X-API-Key": process.env.OC_API_KEY!
},
body: JSON.stringify({
customer: {
externalUserId: session.user.id,
name: session.user.name,
email: session.user.email
}
})
});
const data = await oc.json();
return Response.json({ supportUrl: data.redirectTo });
}
